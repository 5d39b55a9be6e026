import { equal, TextValue } from '../value';

/** The names of the API server inside of a cluster, of whatever domain. */
const HOST = '(?:kubernetes(?:\\.default(?:\\.svc(?:\\.[^/:\\s]{1,253})?)?)?|[^/:\\s]{1,253}\\.azmk8s\\.io)';
const KUBERNETES = new RegExp(`^(?:k3s|rke2|(?:https://)?${HOST}(?::\\d{1,5})?(?:/\\S*)?)$`);

/** Whether an audience is one of the tokens that pods get without asking: a name of the API server, or the issuer itself. */
export function isKubernetesAudience(audience: TextValue, issuer: TextValue | undefined): boolean {
  return (typeof audience === 'string' && KUBERNETES.test(audience)) || (issuer !== undefined && equal(audience, issuer) === 'yes');
}
