import { Unit, type Shop } from './units';
import type { Named } from './named';

/** A list of what to buy. */
export interface ShoppingList extends Named {
  readonly id: number;
  /**
   * Where to go.
   * @see Shop
   */
  shop: Shop | null;
  note?: string;
  items: readonly Item[];
  tags: Array<'food' | 'urgent'>;
  size: 'small' | 'large';
  state: 'open' | 'not yet';
  total(): number;
  [key: string]: unknown;
}

type Item = { id: number; name: string; quantity: number; unit?: Unit; price: number | undefined };

const pattern = /["'{]/;
const text = `a ${1 + 1} { "`;

export const shoppingLists = [
  { id: 1, name: 'Week', shop: 'corner', note: 'x', tags: ['food'], size: 'small', state: 'open',
    items: [{ id: 1, name: 'Milk', quantity: 2, unit: Unit.Litre, price: 1.5 }] },
  { id: 2, name: 'Party', shop: 'market', note: 'y', tags: [], size: 'large', state: 'not yet',
    items: [{ id: 1, name: 'Chips', quantity: 3, unit: Unit.Piece, price: 2 }] },
] satisfies ShoppingList[];
