import { FederationError } from 'cdktf-workload-federation';

/** What a refusal says, or that there was none. */
export function refusal(run: () => unknown): { code: string; message: string } {
  try {
    run();
  } catch (error) {
    if (!(error instanceof FederationError)) {
      throw error;
    }
    return { code: error.code, message: error.message };
  }
  throw new Error('nothing was refused');
}
