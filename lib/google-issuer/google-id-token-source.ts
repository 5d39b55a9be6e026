import { Fn } from 'cdktf';
import { MetadataServerCommand, REFRESHING_COMMAND, STARTING_COMMAND, WATCHING_COMMAND } from './metadata-server-command';
import { checkImage, checkRange } from '../checks';
import { ContainerResources, EnvironmentVariable, HelperContainer, PodHelpers } from '../cloud-identity';
import { FederationError } from '../errors';
import { isToken } from '../tokens';

/** Props of ID tokens that the gtoken webhook brings. */
export interface GtokenWebhookSourceProps {
  /**
   * Whether the webhook adds the container that keeps the token fresh; without it the token lives one hour, and Jobs complete. Images of gtoken-webhook
   * from before the annotation `gtoken.doit-intl.com/tokenRefresh` do not know of it.
   * @default true
   */
  readonly refresh?: boolean;
}

/** Props of ID tokens that containers of gtoken bring. */
export interface GtokenSourceProps {
  /** The image of gtoken, by digest or by a tag other than latest. */
  readonly image: string;
  /**
   * What the containers ask for, and what they may use.
   * @default - 10m of CPU and 32Mi of memory, at most 64Mi
   */
  readonly resources?: ContainerResources;
}

/** Props of ID tokens that a command brings from GKE's metadata server. */
export interface MetadataServerSourceProps {
  /** An image with a shell (`/bin/sh`) and curl or wget, such as curlimages/curl, by digest or by a tag other than latest. */
  readonly image: string;
  /**
   * A command of your own in place of the shell's. It finds the URL in ID_TOKEN_URL (to be asked with the header `Metadata-Flavor: Google`), puts the token
   * into ID_TOKEN_FILE, which must never hold half of one, and ends; where ID_TOKEN_REFRESH_SECONDS is set, it goes on to do so at that interval.
   * Where ID_TOKEN_RUN_TO_COMPLETION is set as well, it ends when the other containers have ended.
   * @default - a shell script that does this with curl or wget
   */
  readonly command?: readonly string[];
  /**
   * The seconds between two tokens, 60 to 3000. The metadata server may answer with a token that it has made before, of which only minutes are left.
   * @default 240
   */
  readonly refreshSeconds?: number;
  /**
   * What the containers ask for, and what they may use.
   * @default - 10m of CPU and 16Mi of memory, at most 64Mi
   */
  readonly resources?: ContainerResources;
}

/** What a source asks of the pods. */
export interface GoogleIdTokenWiring {
  /** The file that holds the ID token, where the pods' own containers bring it. */
  readonly tokenFile?: string;
  readonly serviceAccountAnnotations: Readonly<Record<string, string>>;
  readonly helpers: readonly PodHelpers[];
  readonly keepsRunning?: { readonly what: string; readonly remedy: string };
}

/** The names that the webhook gives, so that pods look the same whoever adds the containers. */
const INIT = 'generate-gcp-id-token';
const SIDECAR = 'update-gcp-id-token';
const VOLUME = { name: 'gtoken-volume', mountPath: '/var/run/secrets/aws/token' };
const TOKEN_FILE = `${VOLUME.mountPath}/gtoken`;

const IDENTITY_ENDPOINT = 'http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/identity';

/** Where GKE's metadata server has an ID token for an audience. */
export function identityTokenUrl(audience: string): string {
  return `${IDENTITY_ENDPOINT}?audience=${isToken(audience) ? Fn.urlencode(audience) : encodeURIComponent(audience)}&format=standard`;
}

/** What gtoken asks Google for. */
export const GTOKEN_AUDIENCE = 'gtoken/sts/assume-role-with-web-identity';

/**
 * Defines how pods on GKE come by ID tokens of the Google service account that they are.
 *
 * The webhook adds containers of gtoken to pods when they are created. Both other ways add containers by `podTemplate()`, and need no webhook: those of
 * gtoken, or a command that asks GKE's metadata server, for which neither gtoken's image nor the right to create tokens is needed.
 */
export class GoogleIdTokenSource {
  /** The webhook, which must run in the cluster; see `GtokenWebhook`. It asks for the audience "gtoken/sts/assume-role-with-web-identity". */
  public static webhook({ refresh = true }: GtokenWebhookSourceProps = {}): GoogleIdTokenSource {
    return new GoogleIdTokenSource(true, true, ({ roleArn }) => ({
      serviceAccountAnnotations: {
        'amazonaws.com/role-arn': roleArn,
        ...(refresh ? {} : { 'gtoken.doit-intl.com/tokenRefresh': 'false' }),
      },
      helpers: [],
      keepsRunning: !refresh ? undefined : {
        what: 'the webhook adds a container that never ends',
        remedy: 'give the identity `idTokenSource: GoogleIdTokenSource.metadataServer(…)`, or `.webhook({ refresh: false })` where an hour is enough',
      },
    }));
  }

  /**
   * Containers of gtoken in the pod template. They ask for the audience "gtoken/sts/assume-role-with-web-identity". In a pod that runs to completion
   * nothing keeps the token fresh, as gtoken's image has nothing to see with that the others have ended: it lives one hour.
   * @throws FederationError for an image that is not pinned
   */
  public static gtoken({ image, resources = { requests: { cpu: '10m', memory: '32Mi' }, limits: { memory: '64Mi' } } }: GtokenSourceProps): GoogleIdTokenSource {
    checkImage({ where: 'GoogleIdTokenSource.gtoken', prop: 'image' }, image);
    const container = (name: string, refresh: boolean): HelperContainer => ({
      name, image, command: ['/gtoken'], args: [`--refresh=${refresh}`, `--file=${TOKEN_FILE}`], env: [], resources,
    });
    return new GoogleIdTokenSource(true, true, () => wiring({
      volume: VOLUME, initContainers: [container(INIT, false)], sidecars: [container(SIDECAR, true)], completingSidecars: [],
    }));
  }

  /**
   * A command in the pod template that asks GKE's metadata server for the token, at a fixed interval. In a pod that runs to completion it ends when no
   * process of another container with the token is left, which it sees as the pod's containers share their processes.
   * @throws FederationError for an image that is not pinned, an empty command, or an interval out of range
   * @see https://cloud.google.com/compute/docs/instances/verifying-instance-identity#request_signature
   */
  public static metadataServer(props: MetadataServerSourceProps): GoogleIdTokenSource {
    const where = 'GoogleIdTokenSource.metadataServer';
    const { image, command, refreshSeconds = 240, resources = { requests: { cpu: '10m', memory: '16Mi' }, limits: { memory: '64Mi' } } } = props;
    checkImage({ where, prop: 'image' }, image);
    checkRange({ where, prop: 'refreshSeconds' }, refreshSeconds, 60, 3000, 'give it in seconds; a token lives one hour');
    if (command !== undefined && (isToken(command) || command.length === 0)) {
      throw new FederationError({ code: 'UnresolvedValue', where, prop: 'command', rule: 'be a list of at least one word', got: command, remedy: 'leave it out for the command of this library' });
    }
    const refreshing: EnvironmentVariable[] = [{ name: 'ID_TOKEN_REFRESH_SECONDS', value: String(refreshSeconds) }];
    const completing: EnvironmentVariable[] = [...refreshing, { name: 'ID_TOKEN_RUN_TO_COMPLETION', value: 'true' }];
    return new GoogleIdTokenSource(false, false, ({ audience }) => {
      const env: EnvironmentVariable[] = [
        { name: 'ID_TOKEN_URL', value: identityTokenUrl(audience) },
        { name: 'ID_TOKEN_FILE', value: TOKEN_FILE },
      ];
      const container = (name: string, own: MetadataServerCommand, more: readonly EnvironmentVariable[]): HelperContainer => ({
        name, image, command: command ?? own, env: [...env, ...more], resources,
      });
      return wiring({
        volume: VOLUME,
        initContainers: [container(INIT, STARTING_COMMAND, [])],
        sidecars: [container(SIDECAR, REFRESHING_COMMAND, refreshing)],
        completingSidecars: [container(SIDECAR, WATCHING_COMMAND, completing)],
      });
    });
  }

  private constructor(
    /** Whether the Google service account makes the tokens itself, and so needs the right to. */
    public readonly createsTokens: boolean,
    /** Whether the tokens are always asked for gtoken's audience. */
    public readonly fixedAudience: boolean,
    private readonly ask: (role: { readonly roleArn: string; readonly audience: string }) => GoogleIdTokenWiring,
  ) {}

  /**
   * What the source asks of the pods that become a role.
   * @internal
   */
  public wiringOf(role: { readonly roleArn: string; readonly audience: string }): GoogleIdTokenWiring {
    return this.ask(role);
  }
}

function wiring(helpers: PodHelpers): GoogleIdTokenWiring {
  return { tokenFile: TOKEN_FILE, serviceAccountAnnotations: {}, helpers: [helpers] };
}
