import { startAccount } from '../host/account';
import { installedSoftware } from '../host/workbench';

/**
 * What `machines` of an emulated account may be where a test is about anything but the installation: hosts boot with what
 * `install` once put on a disk. They run it all the same, and it finds everything in place: four seconds instead of fifteen.
 */
export async function withSoftware(): Promise<{ readonly layers: readonly string[] }> {
  const account = await startAccount();
  try {
    return { layers: [await installedSoftware(account)] };
  } finally {
    account.close();
  }
}
