/**
 * Resources and handles. jco's generated code keeps a handle table for each resource type of a component
 * instance and knows a host object by a number, its rep; this module gives reps to our objects, so that the same
 * object is found again when the guest names its handle.
 */
import { GuestLimitError } from "../error.ts";

/** jco's mark of an owning (not borrowed) entry, and of a free one. */
const FLAG = 1 << 30;

/**
 * A handle table as jco lays it out: pairs of scope and rep, entry 0 heading the free list. `resource` is added
 * to the generated code by us, because jco does not say which table belongs to which resource.
 */
export type HandleTable = number[] & { resource?: string; _createdReps?: Set<number> };

/** Where jco's generated code looks for a host object's rep. */
const REP: unique symbol = Symbol.for("cabiRep") as never;

/** What the guest holds a handle to. Subclasses clean up in {@linkcode Resource.drop}. */
export abstract class Resource {
  /** Its number in the instance's registry; 0 while no handle refers to it. Named by jco's symbol. */
  [REP] = 0;
  /** How many live resources were made from this one and must be dropped before it. */
  children = 0;
  /** The resource that this one must be dropped before. */
  parent: Resource | undefined;

  /** Whether it costs next to nothing: of such there may be {@linkcode LIGHT} times as many. */
  get light(): boolean {
    return false;
  }

  /** Makes this a child of `parent`: the guest must drop it first. */
  childOf(parent: Resource): this {
    this.parent = parent;
    parent.children++;
    return this;
  }

  /** The guest gave it up, by dropping or by passing ownership to something that ends it. Must not throw. */
  drop(): void {}
}

/**
 * Engines of garbage-collected languages make a pollable for each read and keep it until they collect: ten thousand for
 * every hundred megabytes.
 */
const LIGHT = 100;

/** All host objects that one instance's handles refer to. */
export class ResourceRegistry {
  readonly #objects: (Resource | undefined)[] = [undefined];
  readonly #free: number[] = [];
  readonly #limit: number;
  #live = 0;
  #light = 0;

  /** At most `limit` live handles, light ones apart. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** How many handles are live. */
  get size(): number {
    return this.#live;
  }

  /** Makes an owning handle to `object` in `table`. */
  create(table: HandleTable, object: Resource): number {
    const rep = this.assign(object);
    const head = table[0]! & ~FLAG;
    if (head === 0) {
      table.push(0, rep | FLAG);
      return (table.length >> 1) - 1;
    }
    table[0] = table[head << 1]!;
    table[head << 1] = 0;
    table[(head << 1) + 1] = rep | FLAG;
    return head;
  }

  /** Gives `object` its number. */
  assign(object: Resource): number {
    if (object[REP] !== 0) throw new TypeError("A resource got a second owning handle");
    const { light } = object;
    if (light ? this.#light >= this.#limit * LIGHT : this.#live - this.#light >= this.#limit) {
      // wasmtime's words for the same end, which people search for.
      throw new GuestLimitError(
        "handles",
        `The guest ran into its limit of handles: resource table has no free keys, it holds ${this.#live}`,
      );
    }
    this.#live++;
    if (light) this.#light++;
    const rep = this.#free.pop() ?? this.#objects.length;
    this.#objects[rep] = object;
    object[REP] = rep;
    return rep;
  }

  /** The object behind a handle, borrowed for a call. */
  borrow(table: HandleTable, handle: number): Resource {
    return this.byRep(this.#rep(table, handle) & ~FLAG);
  }

  /** The object with this number. */
  byRep(rep: number): Resource {
    const object = this.#objects[rep];
    if (object === undefined) throw new TypeError("The handle's resource is gone");
    return object;
  }

  /** The object behind a handle, taken from the guest. */
  take(table: HandleTable, handle: number): Resource {
    const entry = this.#rep(table, handle);
    if ((entry & FLAG) === 0) throw new TypeError("A borrowed handle cannot be given away");
    const object = this.byRep(entry & ~FLAG);
    refuseWithChildren(object);
    table[handle << 1] = table[0]! | FLAG;
    table[0] = handle | FLAG;
    this.#release(object);
    return object;
  }

  /** The guest dropped its owning handle to the object with this number (the table entry is gone already). */
  drop(rep: number): void {
    const object = this.byRep(rep);
    refuseWithChildren(object);
    this.#release(object);
    object.drop();
  }

  /** Drops everything that is left, youngest first: the instance is over. */
  clear(): void {
    for (let rep = this.#objects.length - 1; rep > 0; rep--) {
      const object = this.#objects[rep];
      if (object === undefined) continue;
      this.#objects[rep] = undefined;
      object[REP] = 0;
      object.drop();
    }
    this.#objects.length = 1;
    this.#free.length = 0;
    this.#live = 0;
    this.#light = 0;
  }

  #release(object: Resource): void {
    const rep = object[REP];
    this.#objects[rep] = undefined;
    this.#free.push(rep);
    this.#live--;
    if (object.light) this.#light--;
    object[REP] = 0;
    if (object.parent !== undefined) {
      object.parent.children--;
      object.parent = undefined;
    }
  }

  #rep(table: HandleTable, handle: number): number {
    const scope = table[handle << 1];
    const entry = table[(handle << 1) + 1];
    if (handle === 0 || scope === undefined || entry === undefined || entry === 0 || (scope & FLAG) !== 0) {
      throw new TypeError(`The guest named handle ${handle}, which it does not hold`);
    }
    return entry;
  }
}

function refuseWithChildren(object: Resource): void {
  if (object.children > 0) throw new TypeError("resource has children: drop them before it");
}
