"""The emulated AWS account: ministack, and the resource types that tablesleuth-cdk needs beyond it.

``python -m tablesleuth_emulator`` serves it on 127.0.0.1; ``emulator/account.ts`` is what starts it.
"""
