import { Unknown, Value } from '../value';

/** A resource as a value: attributes that are not arguments are found too, which no plain object has. */
export class ResourceObject extends Map<string, Value> {
  /**
   * @param symbol What stands for the resource as a whole, as whoever writes it out cannot know all of it
   * @param attribute The value of an attribute
   */
  constructor(symbol: Unknown, public readonly attribute: (name: string) => Value) {
    // Written out or compared, it is unknown, and never the same as another.
    super([['//', symbol]]);
  }
}
