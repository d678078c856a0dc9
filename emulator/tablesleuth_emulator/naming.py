"""Names that CloudFormation makes up: new for each creation of a stack, as on AWS.

ministack derives them from the stack's name. A stack that is destroyed and deployed again would then overwrite what
the first one retained, and nothing that is kept could be shown to be kept.
"""

from __future__ import annotations

from ministack.services.cloudformation import provisioners


def install() -> None:
    """Make generated names depend on the stack's id."""
    native = provisioners._physical_name

    def name(
        stack_name: str, logical_id: str, *, lowercase: bool = False, max_len: int = 128, seeded: bool = True
    ) -> str:
        seed = provisioners._NAME_SEED.get() if seeded else ""
        token = provisioners._NAME_SEED.set(f"{seed}{provisioners._cr_stack_id(stack_name)}")
        try:
            return native(stack_name, logical_id, lowercase=lowercase, max_len=max_len)
        finally:
            provisioners._NAME_SEED.reset(token)

    provisioners._physical_name = name
