import { createHash } from 'node:crypto';
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
 * What the built-in roles may do with blobs: https://learn.microsoft.com/en-us/azure/role-based-access-control/built-in-roles/storage. Who may write may delete.
 * Roles for managing accounts reach no data.
 */
const MAY: Readonly<Record<'read' | 'write', ReadonlySet<string>>> = {
  read: new Set(['storage blob data reader', 'storage blob data contributor', 'storage blob data owner']),
  write: new Set(['storage blob data contributor', 'storage blob data owner']),
};
/** What a write may say. All else (tags, leases, tiers, policies, conditions, copies) wants other permissions or is another function. */
const WRITE_HEADERS: ReadonlySet<string> = new Set(['x-ms-version', 'x-ms-date', 'x-ms-client-request-id', 'x-ms-blob-type', 'x-ms-useragent']);
const VERSION = '2025-11-05';

class BlobError extends Error {
  public constructor(readonly status: number, readonly code: string, readonly text: string, readonly headers: Readonly<Record<string, string>> = {}) {
    super(text);
  }
}

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
  readonly caller: Caller;
}

/** Azure Blob Storage: who may list, write and delete what is decided by role assignments: https://learn.microsoft.com/en-us/rest/api/storageservices/authorize-with-azure-active-directory. */
export class Blob {
  private requests = 0;
  /** Content by name, by account and container. */
  private readonly blobs = new Map<string, Map<string, string>>();

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
      const { status, headers, body, caller } = await (request.method === 'GET' ? this.list(request) : this.write(request));
      return { status, headers: { ...common, ...headers, [CALLER_HEADER]: caller.clientId }, body };
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

  /** The blobs of a container, as long as this service stands: those that a test put there, and what is written. */
  public blobsIn(account: string, container: string): ReadonlyMap<string, string> | undefined {
    return this.held(account, container);
  }

  private async list({ host, path, headers }: HttpRequest): Promise<Answer> {
    const { account, container, blob, query } = placeOf(host, path);
    const caller = await this.callerOf(headers.authorization);
    const listsBlobs = container !== '' && blob === undefined && query.get('restype') === 'container';
    if (query.get('comp') !== 'list' || !(container === '' || listsBlobs)) throw unsupported();
    this.permit(caller, 'read', account, container);
    if (container === '') {
      const entries = [...this.containersOf(account).keys()].sort().map(name => `<Container><Name>${name}</Name><Properties><Last-Modified>${this.date()}</Last-Modified><Etag>"0x8D"</Etag></Properties></Container>`);
      return { caller, status: 200, body: enumeration(`ServiceEndpoint="https://${host}/"`, 'Containers', entries) };
    }
    const entries = [...this.present(account, container)].sort(([a], [b]) => a < b ? -1 : 1).map(([name, content]) => `<Blob><Name>${escaped(name)}</Name><Properties><Creation-Time>${this.date()}</Creation-Time><Last-Modified>${this.date()}</Last-Modified>`
      + `<Etag>0x8D</Etag><Content-Length>${Buffer.byteLength(content)}</Content-Length><Content-Type>application/octet-stream</Content-Type><BlobType>BlockBlob</BlobType></Properties></Blob>`);
    return { caller, status: 200, body: enumeration(`ServiceEndpoint="https://${host}/" ContainerName="${container}"`, 'Blobs', entries) };
  }

  /** Put Blob and Delete Blob of whole block blobs: https://learn.microsoft.com/en-us/rest/api/storageservices/put-blob. */
  private async write({ method, host, path, headers, body }: HttpRequest): Promise<Answer> {
    const { account, container, blob, query } = placeOf(host, path);
    const caller = await this.callerOf(headers.authorization);
    const puts = method === 'PUT' && headers['x-ms-blob-type'] === 'BlockBlob';
    if (container === '' || !blob || [...query.keys()].length > 0 || !(puts || method === 'DELETE')) throw unsupported();
    if (Object.keys(headers).some(name => /^(?:x-ms-|if-|content-md5$|content-encoding$)/.test(name) && !WRITE_HEADERS.has(name))) {
      throw new BlobError(400, 'UnsupportedHeader', 'One of the HTTP headers specified in the request is not supported.');
    }
    this.permit(caller, 'write', account, container);
    const blobs = this.present(account, container);
    if (puts) {
      blobs.set(blob, body);
      const md5 = createHash('md5').update(body).digest('base64');
      return { caller, status: 201, headers: { 'content-md5': md5, 'etag': '"0x8D"', 'last-modified': this.date(), 'x-ms-request-server-encrypted': 'true' }, body: '' };
    }
    if (!blobs.delete(blob)) throw new BlobError(404, 'BlobNotFound', 'The specified blob does not exist.');
    return { caller, status: 202, headers: { 'x-ms-delete-type-permanent': 'true' }, body: '' };
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

  /** Refuses where no role that may is assigned on the container, the account, or what either is in. Conditions are not read, and count as false. */
  private permit({ principalId }: Caller, what: 'read' | 'write', account: string, container: string): void {
    const id = this.idOf(account);
    const target = `${id}${container === '' ? '' : `/blobServices/default/containers/${container}`}`.toLowerCase();
    const may = id !== undefined && ofType(this.applied, 'azurerm_role_assignment').some(({ values }) => {
      const scope = String(values.scope ?? '').toLowerCase().replace(/\/$/, '');
      return String(values.principal_id ?? '').toLowerCase() === principalId.toLowerCase() && !values.condition && isOneOf(MAY[what], values)
        && scope !== '' && (target === scope || target.startsWith(`${scope}/`));
    });
    if (!may) throw new BlobError(403, 'AuthorizationPermissionMismatch', 'This request is not authorized to perform this operation using this permission.');
  }

  private present(account: string, container: string): Map<string, string> {
    const blobs = this.held(account, container);
    if (blobs === undefined) throw new BlobError(404, 'ContainerNotFound', 'The specified container does not exist.');
    return blobs;
  }

  private held(account: string, container: string): Map<string, string> | undefined {
    const names = this.containersOf(account).get(container);
    if (names === undefined) return undefined;
    const key = `${account}/${container}`;
    const blobs = this.blobs.get(key) ?? new Map(names.map(name => [name, '']));
    this.blobs.set(key, blobs);
    return blobs;
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

function isOneOf(roles: ReadonlySet<string>, { role_definition_name: name, role_definition_id: id }: Readonly<Record<string, any>>): boolean {
  if (typeof name === 'string' && name !== '') return roles.has(name.toLowerCase());
  const ids = [...ROLES].filter(([role]) => roles.has(role)).map(([, known]) => known);
  return typeof id === 'string' && ids.includes(id.toLowerCase().replace(/^.*\//, ''));
}

function unsupported(): BlobError {
  return new BlobError(400, 'UnsupportedHttpVerb', 'The resource doesn\'t support specified Http Verb.');
}

interface Place {
  readonly account: string;
  readonly container: string;
  /** Undefined where it is for a container or the account. */
  readonly blob?: string;
  readonly query: URLSearchParams;
}

/** What a request is for. */
function placeOf(host: string, path: string): Place {
  const { pathname, searchParams: query } = new URL(path, `https://${host}`);
  const [, container = '', blob] = /^\/([^/]*)(?:\/(.*))?$/s.exec(pathname) ?? [];
  try {
    return { account: host.slice(0, host.indexOf('.')), container, blob: blob && decodeURIComponent(blob), query };
  } catch {
    throw new BlobError(400, 'InvalidUri', 'The requested URI does not represent any resource on the server.');
  }
}

function enumeration(attributes: string, list: string, entries: readonly string[]): string {
  return `<?xml version="1.0" encoding="utf-8"?><EnumerationResults ${attributes}><${list}>${entries.join('')}</${list}><NextMarker /></EnumerationResults>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
