"""python -m tablesleuth_sweep"""

import sys

from . import command, run_command

if __name__ == "__main__":
    on_many_machines = sys.argv[1:2] in (["plan"], ["work"])
    sys.exit(run_command.main(sys.argv[1:]) if on_many_machines else command.main())
