"""The wire and the kept bytes: the only place that speaks SFTP (paramiko).

`open_sftp` and `open_folder` give a session with a partner, `FolderArchive` keeps what came and what went.
`session.py` holds the rules of pick-up and delivery once; `sftp.py` and `folder.py` only say how a remote disk is
asked; every foreign error passes through the one door in `door.py`.
"""
