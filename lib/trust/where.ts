import { Where } from './model';

/** An attribute of what is at a place. */
export function attributeAt(where: Where, attribute: string): Where {
  // One that is spread into another object has in V8 a shape of its own, which takes more than the object, and there are many of these.
  return Object.assign({}, where, { attribute });
}
