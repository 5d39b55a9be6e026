import { readGrants } from './grants';
import { addPodIdentityDoors, readAssociations } from './pod-identity';
import { readProviders } from './providers';
import { addChainDoors } from './role-chain';
import { readRoles } from './roles';
import { supposeAssociations } from './supposed-sessions';
import { webIdentityDoors } from './web-identity';
import { CloudPart, Door, Terraform } from '../model';

/** Reads who may become which role of AWS, and what the roles may do; `behind` gives the doors that stand before one for web identities. */
export function readAws(terraform: Terraform, behind: (door: Door) => readonly Door[] = () => []): CloudPart {
  const { providers, notes: ofProviders } = readProviders(terraform);
  const { roles, notes: ofRoles } = readRoles(terraform);
  const { permissions, notes: ofGrants } = readGrants(terraform, roles);
  const { associations, notes: ofAssociations } = readAssociations(terraform);
  for (const role of roles.all) {
    const doors = webIdentityDoors(role, providers);
    role.identity.doors.push(...doors, ...doors.flatMap(behind));
  }
  const ofDoors = addPodIdentityDoors(associations, roles);
  supposeAssociations(roles);
  addChainDoors(roles, permissions, associations);
  return {
    registrations: providers.all,
    identities: roles.all.map(({ identity }) => identity),
    notes: [...ofProviders, ...ofRoles, ...ofGrants, ...ofAssociations, ...ofDoors],
  };
}
