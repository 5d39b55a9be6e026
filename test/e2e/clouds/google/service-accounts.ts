import { createHash } from 'node:crypto';
import type { ExistingGoogle } from './existing';
import type { Projects } from './projects';
import type { Applied } from '../../model';

export interface ServiceAccount {
  readonly email: string;
  /** The numeric id that is never used again: `sub` and `azp` of the account's ID tokens. */
  readonly uniqueId: string;
  /** The id of its project. */
  readonly project: string;
  readonly disabled: boolean;
}

/** The service accounts that are applied or read, and those that exist already. */
export class ServiceAccounts {
  private readonly byName = new Map<string, ServiceAccount>();

  public constructor(applied: Applied, { serviceAccounts = [] }: ExistingGoogle, projects: Projects) {
    for (const { type, values, account } of applied.resources) {
      if (type !== 'google_service_account' || typeof values.email !== 'string') continue;
      this.add({
        email: values.email, uniqueId: values.unique_id ?? uniqueIdOf(values.email), project: projects.idOf(values.project ?? account),
        disabled: values.disabled === true,
      });
    }
    for (const email of serviceAccounts) {
      const project = /^[^@]+@([^@]+)\.iam\.gserviceaccount\.com$/.exec(email)?.[1];
      if (project === undefined) throw new Error(`${email} is no service account's.`);
      if (!this.byName.has(email)) this.add({ email, uniqueId: uniqueIdOf(email), project, disabled: false });
    }
  }

  /** The account of this email or unique id. */
  public find(name: string): ServiceAccount | undefined {
    return this.byName.get(name);
  }

  private add(account: ServiceAccount): void {
    this.byName.set(account.email, account);
    this.byName.set(account.uniqueId, account);
  }
}

/** Twenty-one digits, as Google's are, for an account whose id Terraform was never told. */
function uniqueIdOf(email: string): string {
  return `1${BigInt(`0x${createHash('sha256').update(email).digest('hex')}`).toString().slice(0, 20)}`;
}
