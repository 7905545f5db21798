"""An SFTP-polling EDI gateway for premium billing: 834 and 820 in, acknowledgements and invoice feeds out."""

__version__ = "0.1.0"
