import { readAws } from './aws/read';
import { readAzure } from './azure/read';
import { readGcp } from './gcp/read';
import { readKubernetes } from './kubernetes/read';
import { Identity, Note, Registration, Terraform, WorkloadUse } from './model';
import { Document, readTerraform } from './terraform/read';
import { doorsViaGoogle } from './via-google';

/** Who may become whom, as far as it was read. */
export interface Model {
  readonly terraform: Terraform;
  readonly registrations: readonly Registration[];
  readonly identities: readonly Identity[];
  readonly workloads: readonly WorkloadUse[];
  /** What could not be read, or is worth knowing. */
  readonly notes: readonly Note[];
}

/** Reads who may become whom from documents of Terraform, which are read together. */
export function readModel(documents: readonly Document[]): Model {
  const terraform = readTerraform(documents);
  const gcp = readGcp(terraform);
  const aws = readAws(terraform, doorsViaGoogle(terraform, gcp.identities));
  const azure = readAzure(terraform);
  const kubernetes = readKubernetes(terraform);
  return {
    terraform,
    registrations: [...aws.registrations, ...gcp.registrations, ...azure.registrations],
    identities: [...aws.identities, ...gcp.identities, ...azure.identities],
    workloads: kubernetes.workloads,
    notes: [...terraform.notes, ...aws.notes, ...gcp.notes, ...azure.notes, ...kubernetes.notes],
  };
}
