import { AccessTokens, CLOUD_PLATFORM, hasScope } from './access-tokens';
import { AllowPolicies } from './allow-policies';
import { apiError, bearerOf, insufficientScopes, json, NOT_FOUND, pathOf, unauthenticated } from './http';
import type { Projects } from './projects';
import type { Service } from '../../model';

/** What the service needs of Google. */
export interface Managing {
  readonly tokens: AccessTokens;
  readonly policies: AllowPolicies;
  readonly projects: Projects;
}

/** What libraries ask for the id of a project whose number they know: https://docs.cloud.google.com/resource-manager/reference/rest/v1/projects/get. */
export function resourceManager({ tokens, policies, projects }: Managing): Service {
  return request => {
    const name = /^\/v1\/projects\/([a-z0-9-]+)$/.exec(pathOf(request).path)?.[1];
    if (name === undefined || request.method !== 'GET') return NOT_FOUND;
    const bearer = bearerOf(request);
    const caller = tokens.find(bearer);
    if (caller === undefined) return unauthenticated(bearer);
    if (!hasScope(caller, CLOUD_PLATFORM, 'https://www.googleapis.com/auth/cloud-platform.read-only')) return insufficientScopes();
    const projectId = projects.idOf(name);
    // One that does not exist is refused alike: who may not see a project is not told.
    if (!policies.permits(caller.identity, 'resourcemanager.projects.get', [`projects/${projectId}`])) {
      return apiError(403, 'PERMISSION_DENIED', 'The caller does not have permission');
    }
    return json(200, { projectNumber: projects.numberOf(projectId), projectId, lifecycleState: 'ACTIVE', name: projectId });
  };
}
