import { ROLES } from './apply';
import type { Caller, Entra } from './entra';
import { STORAGE } from './entra';
import type { Applied, Clock, HttpRequest, HttpResponse } from '../../model';
import { CALLER_HEADER, ofType } from '../../model';

/** What storage accounts hold beside the containers of Terraform: the blobs of each container, by account. */
export type StorageContent = Readonly<Record<string, {
  /** The account's id, where no resource of Terraform makes it. */
  readonly id?: string;
  readonly containers: Readonly<Record<string, readonly string[]>>;
}>>;

/**
 * The built-in roles that may read blobs and list containers: https://learn.microsoft.com/en-us/azure/role-based-access-control/built-in-roles/storage.
 * Roles for managing accounts read no data.
 */
const READERS: ReadonlySet<string> = new Set(['storage blob data reader', 'storage blob data contributor', 'storage blob data owner']);
const READER_IDS: ReadonlySet<string> = new Set([...ROLES].filter(([name]) => READERS.has(name)).map(([, id]) => id));
const VERSION = '2025-11-05';

class BlobError extends Error {
  public constructor(readonly status: number, readonly code: string, readonly text: string, readonly headers: Readonly<Record<string, string>> = {}) {
    super(text);
  }
}

/** Azure Blob Storage: who may list what is decided by role assignments: https://learn.microsoft.com/en-us/rest/api/storageservices/authorize-with-azure-active-directory. */
export class Blob {
  private requests = 0;

  public constructor(
    private readonly applied: Applied, private readonly entra: Entra, private readonly tenant: string, private readonly clock: Clock,
    private readonly content: StorageContent,
  ) {}

  /** Answers at the host of an account. */
  public readonly answer = async (request: HttpRequest): Promise<HttpResponse> => {
    this.requests += 1;
    const requestId = `00000000-0000-4000-8000-${String(this.requests).padStart(12, '0')}`;
    const common = { 'content-type': 'application/xml', 'server': 'Windows-Azure-Blob/1.0 Microsoft-HTTPAPI/2.0', 'x-ms-request-id': requestId, 'x-ms-version': request.headers['x-ms-version'] ?? VERSION };
    try {
      const { body, caller } = await this.list(request);
      return { status: 200, headers: { ...common, [CALLER_HEADER]: caller.clientId }, body };
    } catch (error) {
      if (!(error instanceof BlobError)) throw error;
      const time = new Date(this.clock() * 1000).toISOString().replace('Z', '0000Z');
      return {
        status: error.status,
        headers: { ...common, ...error.headers, 'x-ms-error-code': error.code },
        body: `<?xml version="1.0" encoding="utf-8"?><Error><Code>${error.code}</Code><Message>${error.text}\nRequestId:${requestId}\nTime:${time}</Message></Error>`,
      };
    }
  };

  private async list({ method, host, path, headers }: HttpRequest): Promise<{ readonly body: string; readonly caller: Caller }> {
    const account = host.slice(0, host.indexOf('.'));
    const url = new URL(path, `https://${host}`);
    const caller = await this.callerOf(headers.authorization);
    const [container = '', ...more] = url.pathname.slice(1).split('/');
    const query = url.searchParams;
    const listsBlobs = container !== '' && more.length === 0 && query.get('restype') === 'container';
    if (method !== 'GET' || query.get('comp') !== 'list' || !(container === '' || listsBlobs)) {
      throw new BlobError(400, 'UnsupportedHttpVerb', 'The resource doesn\'t support specified Http Verb.');
    }
    if (!this.mayRead(caller, account, container)) {
      throw new BlobError(403, 'AuthorizationPermissionMismatch', 'This request is not authorized to perform this operation using this permission.');
    }
    if (container === '') {
      const entries = [...this.containersOf(account).keys()].sort().map(name => `<Container><Name>${name}</Name><Properties><Last-Modified>${this.date()}</Last-Modified><Etag>"0x8D"</Etag></Properties></Container>`);
      return { caller, body: enumeration(`ServiceEndpoint="https://${host}/"`, 'Containers', entries) };
    }
    const blobs = this.containersOf(account).get(container);
    if (blobs === undefined) throw new BlobError(404, 'ContainerNotFound', 'The specified container does not exist.');
    const entries = [...blobs].sort().map(name => `<Blob><Name>${escaped(name)}</Name><Properties><Creation-Time>${this.date()}</Creation-Time><Last-Modified>${this.date()}</Last-Modified>`
      + '<Etag>0x8D</Etag><Content-Length>0</Content-Length><Content-Type>application/octet-stream</Content-Type><BlobType>BlockBlob</BlobType></Properties></Blob>');
    return { caller, body: enumeration(`ServiceEndpoint="https://${host}/" ContainerName="${container}"`, 'Blobs', entries) };
  }

  private async callerOf(authorization: string | undefined): Promise<Caller> {
    const challenge = { 'www-authenticate': `Bearer authorization_uri=https://${this.entra.host}/${this.tenant}/oauth2/authorize resource_id=https://storage.azure.com` };
    const text = 'Server failed to authenticate the request. Please refer to the information in the www-authenticate header.';
    if (authorization === undefined) throw new BlobError(401, 'NoAuthenticationInformation', text, challenge);
    const token = /^Bearer ([A-Za-z0-9._-]+)$/.exec(authorization)?.[1];
    const caller = token === undefined ? undefined : await this.entra.callerOf(token, STORAGE);
    if (caller === undefined) throw new BlobError(401, 'InvalidAuthenticationInfo', text, challenge);
    return caller;
  }

  /** Whether a role that reads is assigned on the container, the account, or what either is in. Conditions are not read, and count as false. */
  private mayRead({ principalId }: Caller, account: string, container: string): boolean {
    const id = this.idOf(account);
    if (id === undefined) return false;
    const target = `${id}${container === '' ? '' : `/blobServices/default/containers/${container}`}`.toLowerCase();
    return ofType(this.applied, 'azurerm_role_assignment').some(({ values }) => {
      const scope = String(values.scope ?? '').toLowerCase().replace(/\/$/, '');
      return String(values.principal_id ?? '').toLowerCase() === principalId.toLowerCase() && !values.condition && isReader(values)
        && scope !== '' && (target === scope || target.startsWith(`${scope}/`));
    });
  }

  /** The blobs of each container: those that a test put there, and the containers that Terraform made. */
  private containersOf(account: string): ReadonlyMap<string, readonly string[]> {
    const made = ofType(this.applied, 'azurerm_storage_container')
      .filter(({ values }) => (values.storage_account_name || String(values.storage_account_id).split('/').at(-1)) === account);
    const held = Object.hasOwn(this.content, account) ? this.content[account]!.containers : {};
    return new Map([...made.map(({ values }): [string, readonly string[]] => [values.name, []]), ...Object.entries(held)]);
  }

  private idOf(account: string): string | undefined {
    const made = this.applied.resources.find(({ type, values }) => type === 'azurerm_storage_account' && values.name === account);
    return made?.values.id ?? (Object.hasOwn(this.content, account) ? this.content[account]!.id : undefined);
  }

  private date(): string {
    return new Date(this.clock() * 1000).toUTCString();
  }
}

function isReader({ role_definition_name: name, role_definition_id: id }: Readonly<Record<string, any>>): boolean {
  if (typeof name === 'string' && name !== '') return READERS.has(name.toLowerCase());
  return typeof id === 'string' && READER_IDS.has(id.toLowerCase().replace(/^.*\//, ''));
}

function enumeration(attributes: string, list: string, entries: readonly string[]): string {
  return `<?xml version="1.0" encoding="utf-8"?><EnumerationResults ${attributes}><${list}>${entries.join('')}</${list}><NextMarker /></EnumerationResults>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
