import { isDeepStrictEqual } from 'node:util';
import type { Applied, AppliedResource } from '../model';

/** What a cloud answers where it does not take what it is told: Terraform's apply ends there. */
export class ApplyError extends Error {
  constructor(readonly address: string, readonly code: string, readonly reason: string) {
    super(`${address} cannot be applied: ${code}: ${reason}`);
    this.name = 'ApplyError';
  }
}

/** The resources that a cloud is told of by an apply: those that are as they were are not sent again. */
export function told(applied: Applied, before: Applied | undefined): readonly AppliedResource[] {
  const known = new Map(before?.resources.map(resource => [`${resource.stack} ${resource.address}`, resource]));
  return applied.resources.filter(resource => !resource.data && !isDeepStrictEqual(known.get(`${resource.stack} ${resource.address}`), resource));
}
