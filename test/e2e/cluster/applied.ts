import type { Applied, AppliedResource } from '../model';

/** A resource as Terraform leaves it. */
export function resource(address: string, values: Readonly<Record<string, unknown>>, more: Partial<AppliedResource> = {}): AppliedResource {
  const data = address.startsWith('data.');
  return { stack: 'stack', address, type: address.split('.')[data ? 1 : 0]!, data, account: '', values, ...more };
}

/** What Terraform applied. */
export function applied(...resources: readonly AppliedResource[]): Applied {
  return { resources, outputs: {} };
}

/** A ServiceAccount of Terraform's typed kind. */
export function serviceAccount(annotations: Readonly<Record<string, string>> = {}, more: Readonly<Record<string, unknown>> = {}): AppliedResource {
  return resource('kubernetes_service_account_v1.Account', { metadata: [{ name: 'reader', namespace: 'reports', annotations }], automount_service_account_token: true, ...more });
}

/** A pod of Terraform's typed kind, with one container unless it says otherwise. */
export function typedPod(spec: Readonly<Record<string, unknown>> = {}, metadata: Readonly<Record<string, unknown>> = {}): AppliedResource {
  return resource('kubernetes_pod_v1.Pod', {
    metadata: [{ name: 'reader', namespace: 'reports', ...metadata }],
    spec: [{ service_account_name: 'reader', automount_service_account_token: false, container: [{ name: 'main', image: 'reader:1' }], ...spec }],
  });
}
