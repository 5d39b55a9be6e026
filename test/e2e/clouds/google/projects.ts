import type { World } from '../../world';

/** The projects of the world, by id and by number: Google takes both in most places. */
export class Projects {
  private readonly ids: ReadonlyMap<string, string>;

  public constructor(private readonly world: Pick<World, 'googleProject' | 'projectNumbers'>) {
    this.ids = new Map(Object.entries(world.projectNumbers).map(([id, number]) => [number, id]));
  }

  /** The project that is meant where none is said. */
  public get own(): string {
    return this.world.googleProject;
  }

  /** The id of a project that is named by its id, its number, or either after `projects/`. */
  public idOf(name: string): string {
    const bare = name.startsWith('projects/') ? name.slice('projects/'.length) : name;
    return this.ids.get(bare) ?? bare;
  }

  /** The number of a project of the world. */
  public numberOf(name: string): string | undefined {
    const id = this.idOf(name);
    return Object.hasOwn(this.world.projectNumbers, id) ? this.world.projectNumbers[id] : undefined;
  }
}
