export * from './clusters';
export * from './kubelet';
export * from './refusal';
export * from './test-cluster';
export type { ExistingObject } from './objects';
export type { WebhookName } from './admission';
