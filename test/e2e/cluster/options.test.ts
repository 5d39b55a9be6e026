import { PodWiringOptions } from 'cdktf-workload-federation';
import { StartPodOptions } from './index';
import { LITERAL_AND_TOKENS } from '../../clusters';
import { Mechanism, MECHANISMS } from '../../mechanisms';
import { describeOnTerraform } from '../../terraform';
import { Applied } from '../model';
import { Clients } from '../network/clients';
import { LoopbackInternet } from '../network/internet';
import { CLIENT_OF, Stage } from '../stage';

/** What the options of wired pods are for: each is needed where it is told of, and enough there, by the vendors' clients. */

const METADATA_SERVER = 'iam.gke.io/gke-metadata-server-enabled';
/** The user of an image that is not root's. */
const USER = 65532;

const mechanismOf = (from: Mechanism['from'], to: Mechanism['to'], by: string): Mechanism => {
  const found = MECHANISMS.find(each => each.from === from && each.to === to && each.by === by);
  if (found === undefined) throw new Error(`no mechanism from ${from} to ${to} by ${by}`);
  return found;
};

describeOnTerraform('by the vendors\' clients', () => {
  const internet = new LoopbackInternet();
  const stage = new Stage(internet);
  const clients = new Clients(internet, { clock: stage.clock });
  const [[, known]] = LITERAL_AND_TOKENS as [(typeof LITERAL_AND_TOKENS)[number]];
  afterAll(async () => {
    await clients.close();
    await internet.close();
  });

  interface Pod {
    readonly spec?: object;
    readonly options?: PodWiringOptions;
    readonly start?: Partial<StartPodOptions>;
    readonly change?: (applied: Applied) => Applied;
  }

  /** Whom the cloud takes the pod of a mechanism for, or what the client says. */
  async function outcomeOf(mechanism: Mechanism, { spec, options, start, change = same => same }: Pod): Promise<string> {
    const applied = change(stage.apply(stage.synthesize(mechanism, known, spec, options)));
    stage.enforce(applied);
    const pod = await stage.start(mechanism, applied, start);
    const [client, action] = CLIENT_OF[mechanism.to];
    const outcome = await clients.run(pod, 'main', client, action);
    if (outcome.ok) return outcome.as;
    return /EACCES: permission denied, open '[^']+'/.exec(outcome.message)?.[0] ?? outcome.code;
  }

  describe('the modes of files', () => {
    const MOUNT = '/var/run/secrets/workload-federation';
    const IDENTITY = /^arn:aws:iam::|^serviceAccount:|^principal:|^[0-9a-f-]{36}$/;
    const image = { imageUser: USER };
    const eacces = (file: string) => `EACCES: permission denied, open '${file}'`;
    const EXPLICIT: readonly (readonly [Mechanism, string])[] = [
      [mechanismOf('EKS', 'AWS', 'a projected token'), eacces(`${MOUNT}/aws/token`)],
      // To the SDK a config file that it cannot read is none.
      [mechanismOf('EKS', 'AWS', 'a chain of two roles in a config file'), 'CredentialsProviderError'],
      [mechanismOf('any OIDC cluster', 'Google Cloud', 'a service account through a pool'), eacces(`${MOUNT}/gcp/credential-configuration.json`)],
      [mechanismOf('any OIDC cluster', 'Azure', 'a projected token'), eacces(`${MOUNT}/azure/token`)],
    ];
    const OTHERS: readonly Mechanism[] = [
      mechanismOf('EKS', 'AWS', 'EKS\'s webhook (IRSA)'), mechanismOf('EKS', 'AWS', 'EKS Pod Identity'), mechanismOf('AKS', 'Azure', 'AKS\'s webhook'),
      mechanismOf('GKE', 'AWS', 'ID tokens of a Google service account, and the gtoken webhook'), mechanismOf('GKE', 'AWS', 'ID tokens of a Google service account, and the metadata server'),
    ];

    test.each([...EXPLICIT.map(([mechanism]) => mechanism), ...OTHERS])('let users other than root read, with no group and with one: $from to $to, $by', async mechanism => {
      expect(await outcomeOf(mechanism, { start: image })).toMatch(IDENTITY);
      expect(await outcomeOf(mechanism, { start: image, options: { fsGroup: USER } })).toMatch(IDENTITY);
      expect(await outcomeOf(mechanism, { start: image, spec: { securityContext: { runAsUser: '1000', runAsGroup: '1000', runAsNonRoot: true } } })).toMatch(IDENTITY);
    });

    /** The pod as it would be without the option. */
    const withoutGroup = (applied: Applied): Applied => ({
      ...applied,
      resources: applied.resources.map(resource => resource.type !== 'kubernetes_pod_v1' ? resource : {
        ...resource, values: { ...resource.values, spec: [{ ...resource.values.spec[0], security_context: [] }] },
      }),
    });

    test.each(EXPLICIT)('are what defaultMode says, which needs fsGroup: %#', async (mechanism, refused) => {
      const options = { fsGroup: USER, defaultMode: '0440' };
      expect(await outcomeOf(mechanism, { start: image, options })).toMatch(IDENTITY);
      expect(await outcomeOf(mechanism, { start: image, options, change: withoutGroup })).toBe(refused);
    });

    test.each(['a service account through a pool, and the webhook of pfnet', 'direct access through a pool, and the webhook of pfnet'])('of a webhook that leaves others out need a group: %s', async by => {
      const mechanism = mechanismOf('any OIDC cluster', 'Google Cloud', by);
      expect(await outcomeOf(mechanism, {})).toMatch(IDENTITY);
      expect(await outcomeOf(mechanism, { start: image })).toBe(eacces('/var/run/secrets/gcloud/config/federation.json'));
      expect(await outcomeOf(mechanism, { start: image, options: { fsGroup: USER } })).toMatch(IDENTITY);
    });
  });

  describe('the nodes of GKE', () => {
    const NODES = [{ [METADATA_SERVER]: 'false' }, { [METADATA_SERVER]: 'true' }];
    const [ACCOUNT, SELF, SERVER] = [
      mechanismOf('GKE', 'Google Cloud', 'a service account through Google\'s own pool'), mechanismOf('GKE', 'Google Cloud', 'direct access through Google\'s own pool'),
      mechanismOf('GKE', 'AWS', 'ID tokens of a Google service account, and the metadata server'),
    ];
    const selected = { gkeMetadataServerNodeSelector: true };
    const NODE = 'serviceAccount:123456789-compute@developer.gserviceaccount.com';

    test.each([
      [ACCOUNT, 'forbidden', /^serviceAccount:reports-reader@/], [SELF, 'forbidden', /^principal:.*\/subject\/ns\/reports\/sa\/reader$/], [SERVER, 'AccessDenied', /^arn:aws:iam::123456789012:role\//],
    ] as const)('without the metadata server give their own identity, and a selector leaves them out: %#', async (mechanism, refused, identity) => {
      expect(await outcomeOf(mechanism, { start: { nodes: NODES } })).toBe(refused);
      expect(await outcomeOf(mechanism, { start: { nodes: NODES }, options: selected })).toMatch(identity);
      await expect(outcomeOf(mechanism, { start: { nodes: NODES.slice(0, 1) }, options: selected })).rejects.toThrow('FailedScheduling: 0/1 nodes are available');
    });

    test.each([[ACCOUNT, 'forbidden'], [SELF, 'forbidden'], [SERVER, 'AccessDenied']] as const)('give it to pods that use their network, whatever these select: %#', async (mechanism, refused) => {
      expect(await outcomeOf(mechanism, { spec: { hostNetwork: true } })).toBe(refused);
      expect(await outcomeOf(mechanism, { spec: { hostNetwork: true }, options: selected, start: { nodes: NODES } })).toBe(refused);
    });

    test('are let in where they are trusted, and every pod there with them', async () => {
      const trusting = (applied: Applied): Applied => ({
        ...applied,
        resources: [...applied.resources, {
          stack: 'rights', address: 'google_storage_bucket_iam_member.Node', type: 'google_storage_bucket_iam_member', data: false, account: 'acme-apps',
          values: { bucket: 'acme-reports', role: 'roles/storage.objectViewer', member: NODE },
        }],
      });
      expect(await outcomeOf(SELF, { change: trusting, spec: { hostNetwork: true } })).toBe(NODE);
    });
  });
});
