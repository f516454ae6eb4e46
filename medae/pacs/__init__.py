"""MedAE and the network: ask a PACS, fetch from it, send to it, and take what it pushes.

::

    client        echo, find, retrieve, store: whatever kind of node        (dimse, storage, dicomweb beneath)
    send_queue    what is to be sent, on disk; sender sends it, again if need be
    spool         what was pushed, on disk; listener takes it in, router denoises it and queues the result
    station       listener, router and sender together, until they are told to stop

pynetdicom, dicomweb-client and keyring are imported by what needs them, when it is needed.
"""
