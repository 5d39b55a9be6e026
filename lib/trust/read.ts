import { readAws } from './aws/read';
import { once } from './aws/who';
import { readAzure } from './azure/read';
import { readGcp } from './gcp/read';
import { readKubernetes } from './kubernetes/read';
import { Identity, Note, Registration, Terraform, WorkloadUse } from './model';
import { Sensitive } from './sensitive';
import { Document, readTerraform } from './terraform/read';
import { noteUnread } from './unread';
import { doorsViaGoogle } from './via-google';

/** Who may become whom, as far as it was read. */
export interface Model {
  readonly terraform: Terraform;
  readonly registrations: readonly Registration[];
  readonly identities: readonly Identity[];
  readonly workloads: readonly WorkloadUse[];
  /** What could not be read, or is worth knowing. */
  readonly notes: readonly Note[];
  /** The texts that the input says not to print; whatever is made of the model for people hides them. */
  readonly sensitive?: Sensitive;
}

/** Reads who may become whom from documents of Terraform, which are read together. */
export function readModel(documents: readonly Document[]): Model {
  const terraform = readTerraform(documents);
  const gcp = readGcp(terraform);
  const aws = readAws(terraform, doorsViaGoogle(terraform, gcp.identities));
  const azure = readAzure(terraform);
  // To compare identities takes nothing of it, and it is as much as the rest.
  const kubernetes = once(() => readKubernetes(terraform, gcp.registrations));
  const { sensitive } = terraform;
  const identities = [...aws.identities, ...gcp.identities, ...azure.identities];
  const notes = once(() => {
    const all = [...terraform.notes, ...aws.notes, ...gcp.notes, ...azure.notes, ...kubernetes().notes, ...noteUnread(terraform)];
    return sensitive?.in(all) ?? all;
  });
  if (sensitive !== undefined) {
    // Doors refer to identities as objects, which therefore stay the same ones.
    identities.forEach(identity => Object.assign(identity, { sensitive }));
  }
  return {
    terraform,
    ...sensitive !== undefined && { sensitive },
    registrations: [...aws.registrations, ...gcp.registrations, ...azure.registrations],
    identities,
    get workloads() {
      return kubernetes().workloads;
    },
    get notes() {
      return notes();
    },
  };
}
