export * from './self-signed-webhook-certificate';
