export * from './entra-federated-application';
