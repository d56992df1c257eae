// Lists of one item that may live long, without an allocation site of V8's (docs/decisions/0009).

const template: readonly unknown[] = [null];

/** As `[item]`. A copy of a list has no allocation site, where a literal and `new Array` have one. */
export function listOfOne<Item>(item: Item): Item[] {
  const list = template.slice() as Item[];
  list[0] = item;
  return list;
}
