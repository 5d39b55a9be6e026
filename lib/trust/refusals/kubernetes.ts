import { RefusalEntry } from './entry';

const VOLUMES = 'https://kubernetes.io/docs/concepts/storage/projected-volumes/#serviceaccounttoken';
const ACCOUNTS = 'https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/';
const ADMISSION = 'https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/';

/** What Kubernetes, the kubelet and SDKs say of the pod's own wiring, the more special before the more general. */
export const KUBERNETES: readonly RefusalEntry[] = [
  {
    id: 'kubernetes-no-service-account', cloud: 'kubernetes', code: 'Forbidden',
    says: 'error looking up service account {namespace}/{serviceAccount}: serviceaccount "{*}" not found',
    marks: ['error looking up service account {namespace}/{serviceAccount}: serviceaccount "{*}" not found', 'error looking up service account {namespace}/{serviceAccount}:'],
    gates: ['pod-service-account'],
    means: 'The pod was not created, as its service account is not in its namespace.',
    remedy: 'Create the service account before the pod, in the same namespace.',
    sources: [ACCOUNTS],
  },
  {
    id: 'kubernetes-token-no-account', cloud: 'kubernetes',
    says: 'failed to fetch token: serviceaccounts "{serviceAccount}" not found',
    marks: ['failed to fetch token: serviceaccounts "{serviceAccount}" not found'],
    gates: ['pod-service-account'],
    means: 'The kubelet gets no token, as the service account of the pod was deleted.',
    remedy: 'Create the service account again; a new one has a new uid, and the pod must be new too.',
    sources: [VOLUMES],
  },
  {
    id: 'kubernetes-token-audience', cloud: 'kubernetes', code: 'Forbidden',
    says: 'serviceaccounts "{serviceAccount}" is forbidden: audience "{aud}" not found in pod spec volume, {*} is not authorized to request tokens for this audience',
    marks: ['serviceaccounts "{serviceAccount}" is forbidden: audience "{aud}" not found in pod spec volume', 'audience "{aud}" not found in pod spec volume'],
    gates: ['pod-token'],
    means: 'The node may ask for tokens of those audiences only that the pod\'s volumes name.',
    remedy: 'Project a serviceAccountToken with the audience into the pod, or allow the node to request it.',
    sources: ['https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction'],
  },
  {
    id: 'kubernetes-token-forbidden', cloud: 'kubernetes', code: 'Forbidden',
    says: 'failed to fetch token: serviceaccounts "{serviceAccount}" is forbidden: {*}',
    marks: ['failed to fetch token: serviceaccounts "{serviceAccount}" is forbidden', 'cannot create resource "serviceaccounts/token" in API group'],
    gates: ['pod-token'],
    means: 'The kubelet, or who asked, may not get a token of the service account; at the start of a node it passes by itself.',
    remedy: 'Wait for a new node; otherwise allow create on serviceaccounts/token.',
    sources: ['https://kubernetes.io/docs/reference/access-authn-authz/node/'],
  },
  {
    id: 'kubernetes-token-lifetime', cloud: 'kubernetes', code: 'Invalid',
    says: 'expirationSeconds: Invalid value: {*}: may not specify a duration less than 10 minutes',
    marks: ['expirationSeconds: Invalid value: {*} may not specify a duration less than 10 minutes', 'may not specify a duration less than 10 minutes', 'expirationSeconds: Invalid value: {*} may not specify a duration larger than'],
    gates: ['pod-token'],
    means: 'The lifetime of the projected token is below 600 seconds, or too large.',
    remedy: 'Set expirationSeconds to 600 or more.',
    sources: [VOLUMES],
  },
  {
    id: 'kubernetes-token-unsupported', cloud: 'kubernetes',
    says: 'failed to fetch token: the server could not find the requested resource', marks: ['failed to fetch token: the server could not find the requested resource'],
    gates: ['pod-token'],
    means: 'The API server makes no service account tokens for the kubelet.',
    remedy: 'Let the API server have --service-account-issuer and a signing key.',
    sources: ['https://github.com/aws/amazon-eks-pod-identity-webhook/issues/119'],
  },
  {
    id: 'kubernetes-config-map', cloud: 'kubernetes',
    says: 'MountVolume.SetUp failed for volume "{*}" : configmap "{*}" not found', marks: ['MountVolume.SetUp failed for volume "{*}" : configmap "{*}" not found'],
    gates: ['pod-environment'],
    means: 'The file of the credential configuration is not there, as its ConfigMap is not in the pod\'s namespace.',
    remedy: 'Create the ConfigMap before the pod, in the same namespace.',
    sources: ['https://kubernetes.io/docs/concepts/configuration/configmap/'],
  },
  {
    id: 'pod-token-permission', cloud: 'kubernetes',
    says: 'open /var/run/secrets/{path}: permission denied',
    marks: [
      'unable to read file at {path} caused by: open {path}: permission denied', 'Permission denied: \'/var/run/secrets/{path}\'',
      'EACCES: permission denied, open \'/var/run/secrets/{path}\'', 'open /var/run/secrets/{path}: permission denied',
    ],
    gates: ['pod-token'],
    means: 'The token is there, but the user of the container may not read it.',
    remedy: 'Set securityContext.fsGroup of the pod.',
    sources: ['https://repost.aws/knowledge-center/eks-pods-iam-role-service-accounts'],
  },
  {
    id: 'pod-token-file', cloud: 'kubernetes',
    says: 'ENOENT: no such file or directory, open \'{path}token\'',
    marks: [
      'ENOENT: no such file or directory, open \'{path}token\'', 'No such file or directory: \'{path}token\'', 'unable to read file at {path}: no such file or directory',
      'open {path}token: no such file or directory', 'failed to retrieve jwt from provide source', 'WebIdentityErr: unable to read file at',
      'credentials: failed to open credential file "{path}"', 'oauth2/google: failed to open credential file "{path}"', 'File \'{path}token\' was not found',
    ],
    gates: ['pod-token'],
    means: 'The file in which the client looks for its token is not in the container.',
    remedy: 'Mount a projected serviceAccountToken where the variable or the credential configuration says.',
    sources: [VOLUMES],
  },
  {
    id: 'kubernetes-webhook', cloud: 'kubernetes',
    says: 'failed calling webhook "{*}": failed to call webhook',
    marks: ['failed calling webhook "mutation.azure-workload-identity.io"', 'failed calling webhook "iam-for-pods.amazonaws.com"', 'failed calling webhook "gcp-workload-identity'],
    gates: ['pod-environment'],
    means: 'The webhook that wires pods doesn\'t answer; where its failurePolicy is Ignore, pods are created without the wiring.',
    remedy: 'Bring the webhook up, and create again the pods that were made meanwhile.',
    sources: [ADMISSION],
  },
  {
    id: 'kubernetes-mount', cloud: 'kubernetes', general: true,
    says: 'MountVolume.SetUp failed for volume "{*}"', marks: ['MountVolume.SetUp failed for volume "{*}"'],
    gates: ['pod-token', 'pod-environment'],
    means: 'The kubelet could not fill a volume of the pod; the text behind it says why.',
    remedy: 'Read the events of the pod.',
    sources: [VOLUMES],
  },
];
