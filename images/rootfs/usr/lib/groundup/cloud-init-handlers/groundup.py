"""cloud-init part handler: user-data of groundup's own form -> nothing left for cloud-init to do.

Without it cloud-init warns of a part that nobody claims, and `cloud-init status` ends degraded.
The agent has read the same user-data long before.
https://docs.cloud-init.io/en/latest/explanation/format.html#part-handler
"""

from cloudinit.settings import PER_INSTANCE

handler_version = 2
frequency = PER_INSTANCE


def list_types():
    """What cloud-init calls text it does not know, alone and in MIME; our own type comes last."""
    return ["text/x-not-multipart", "text/plain", "text/x-groundup"]


def handle_part(data, ctype, filename, payload, frequency):
    """Called at the beginning, for each part, and at the end."""
