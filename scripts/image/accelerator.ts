// This machine -> kvm when it truly works, else tcg. /dev/kvm alone says little: in many virtual
// machines it exists and QEMU still cannot start a processor with it.
import { access, constants } from 'node:fs/promises';
import { execa } from 'execa';

export type Accelerator = 'kvm' | 'tcg';

let known: Promise<Accelerator> | undefined;

const probe = async (): Promise<Accelerator> => {
  const usable = await access('/dev/kvm', constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!usable) return 'tcg';
  const args = ['-machine', 'q35', '-accel', 'kvm', '-cpu', 'host', '-smp', '2', '-m', '64'];
  const result = await execa(
    'qemu-system-x86_64',
    [...args, '-nodefaults', '-display', 'none', '-S', '-monitor', 'stdio'],
    { input: 'quit\n', timeout: 10_000, reject: false, all: true },
  );
  // A processor that cannot be set up is reported, and not always by the exit code.
  const complains = /failed|could not|error/i.test(result.all);
  return result.exitCode === 0 && !complains ? 'kvm' : 'tcg';
};

/** Asked once per process. */
export const findAccelerator = (): Promise<Accelerator> => (known ??= probe());
