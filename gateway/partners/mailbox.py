"""A mailbox of our own for a partner who has no server: what OpenSSH needs for it, as text (LESSONS 9).

The partner and the gateway log in to the same chrooted account, each by its own key, and see the same two folders.
The gateway polls it like any other server, so that nothing else in it knows that the server is ours.
"""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from gateway.errors import ConfigurationError
from gateway.partners.partner import is_host_key

_USER = re.compile(r"[a-z_][a-z0-9_-]{0,30}")
# As transport/connect.py allows them, so that neither side is the weak one (HC-06).
_CIPHERS = "aes128-gcm@openssh.com,aes256-gcm@openssh.com,aes256-ctr,aes192-ctr,aes128-ctr"
_MACS = "hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,hmac-sha2-256,hmac-sha2-512"
_KEX = (
    "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,"
    "ecdh-sha2-nistp521,diffie-hellman-group16-sha512,diffie-hellman-group14-sha256"
)
_KEY_TYPES = "ssh-ed25519,rsa-sha2-512,rsa-sha2-256"


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A partner's account on our SFTP server."""

    partner_id: str
    user: str
    root: PurePosixPath  # the chroot; it and all above it belong to root
    keys_folder: PurePosixPath  # where sshd finds <user>.keys, outside of the chroot
    host: str
    port: int = 22


@dataclass(frozen=True, slots=True)
class MailboxFiles:
    """What the administrator of the server installs, and what the profile says then."""

    sshd_config: str
    authorized_keys: str
    setup: str
    profile: str


def mailbox_files(mailbox: Mailbox, partner_key: str, our_key: str) -> MailboxFiles:
    """Return the files of a mailbox for a partner and a gateway with these OpenSSH public keys.

    Raises ConfigurationError when a name or a key cannot be one.
    """
    if not _USER.fullmatch(mailbox.user):
        raise ConfigurationError(
            f"{mailbox.user!r} cannot be a user of the server", hint="name one with --user: small letters and digits"
        )
    for whose, key in (("the partner's", partner_key), ("our", our_key)):
        if not is_host_key(key) or "\n" in key.strip():
            raise ConfigurationError(
                f"{whose} public key is no OpenSSH key line",
                hint="it looks like `ssh-ed25519 AAAA...`: one line of a .pub",
            )
    keys = f"restrict {partner_key.strip()}\nrestrict {our_key.strip()}\n"
    return MailboxFiles(_sshd_config(mailbox), keys, _setup(mailbox), _profile(mailbox))


def _sshd_config(mailbox: Mailbox) -> str:
    """Return the server's part for one account: SFTP in a cage and nothing else, keys only, strong algorithms."""
    return f"""\
# Mailbox of the partner {mailbox.partner_id}, made by `gateway mailbox add`.
# Install as /etc/ssh/sshd_config.d/gateway-{mailbox.partner_id}.conf, then: sshd -t && systemctl reload ssh
# These four lines count for the whole server; leave them out where it sets stronger ones.
Ciphers {_CIPHERS}
MACs {_MACS}
KexAlgorithms {_KEX}
HostKeyAlgorithms {_KEY_TYPES}

Match User {mailbox.user}
    ChrootDirectory {mailbox.root}
    ForceCommand internal-sftp -u 0007 -l INFO
    AuthorizedKeysFile {mailbox.keys_folder}/%u.keys
    AuthenticationMethods publickey
    PubkeyAcceptedAlgorithms {_KEY_TYPES}
    PasswordAuthentication no
    KbdInteractiveAuthentication no
    AllowTcpForwarding no
    AllowStreamLocalForwarding no
    AllowAgentForwarding no
    X11Forwarding no
    PermitTunnel no
    PermitTTY no
Match all
"""


def _setup(mailbox: Mailbox) -> str:
    """Return the commands that make the account and its folders; they may be run again."""
    return f"""\
#!/bin/sh
# Makes the mailbox of the partner {mailbox.partner_id}. Run as root in the folder of this file; again changes nothing.
set -eu
id {mailbox.user} >/dev/null 2>&1 || useradd --system --no-create-home --shell /usr/sbin/nologin {mailbox.user}
install -d -o root -g root -m 755 {mailbox.root} {mailbox.keys_folder}
cage={mailbox.root}
for folder in outbox outbox/processed inbox; do
    install -d -o {mailbox.user} -g "$(id -gn {mailbox.user})" -m 770 "$cage/$folder"
done
install -o root -g root -m 644 authorized_keys {mailbox.keys_folder}/{mailbox.user}.keys
"""


def _profile(mailbox: Mailbox) -> str:
    """Return what the partner's profile says of its mailbox."""
    return f"""\
[sftp]
host = "{mailbox.host}"
port = {mailbox.port}
username = "{mailbox.user}"
host_key_file = "keys/host_key.pub"                # of our own server: /etc/ssh/ssh_host_ed25519_key.pub
private_key = {{ file = "secrets/gateway_ed25519" }}

[pick_up]
folder = "/outbox"
after = "archive"
archive_folder = "/outbox/processed"

[delivery]
ack_folder = "/inbox"
feed_folder = "/inbox"
"""
