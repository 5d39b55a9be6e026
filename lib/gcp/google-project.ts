import { DataGoogleProject } from '@cdktf/provider-google/lib/data-google-project';
import { TerraformProvider, TerraformStack } from 'cdktf';
import { IConstruct } from 'constructs';
import { idPart, plainId, textOf } from '../tokens';

/** A project as Google Cloud knows it. */
export interface GoogleProject {
  readonly id: string;
  readonly number: string;
}

const PROJECTS = new WeakMap<TerraformStack, Map<string, GoogleProject>>();

/** A project by its id, or that of a Google provider, asked for once per stack and alias. */
export function googleProject(scope: IConstruct, provider?: TerraformProvider, projectId?: string): GoogleProject {
  const stack = TerraformStack.of(scope);
  let projects = PROJECTS.get(stack);
  if (projects === undefined) {
    PROJECTS.set(stack, projects = new Map());
  }
  const key = `${provider?.alias ?? ''} ${projectId === undefined ? '' : textOf(scope, projectId)}`;
  let project = projects.get(key);
  if (project === undefined) {
    const alias = provider?.alias;
    const name = projectId === undefined ? '' : plainId(idPart(scope, projectId));
    // No id of a project holds a "_", so that alias and project can't be read as another pair.
    const id = alias === undefined ? ['GoogleProject', name].filter(Boolean).join('-') : `GoogleProject-${alias}_${name}`;
    const data = new DataGoogleProject(stack, id, { projectId, provider });
    projects.set(key, project = { id: data.projectId, number: data.number });
  }
  return project;
}
