import { Unit, usual } from "./units";

export interface Item {
  /** Counts within its list: each list begins at 1. */
  id: number;
  name: string;
  quantity: number;
  unit: Unit;
  done: boolean;
}

export interface ShoppingList {
  id: number;
  name: string;
  createdAt: Date;
  note?: string;
  items: readonly Item[];
}

/** What is usual need not be said. */
const item = (wanted: Pick<Item, "id" | "name"> & Partial<Item>): Item => ({ ...usual, done: false, ...wanted });

/** Bought every week, so they are the first three of several lists. */
const staples = [
  { id: 1, name: "Milk", quantity: 2, unit: Unit.Litre },
  { id: 2, name: "Bread" },
  { id: 3, name: "Eggs", quantity: 12 },
] as const;

export const shoppingLists = [
  {
    id: 1,
    name: "Weekly groceries",
    createdAt: new Date("2026-11-16T08:30:00Z"),
    items: [
      ...staples.map(item),
      item({ id: 4, name: "Apples", quantity: 6 }),
      item({ id: 5, name: "Coffee", quantity: 500, unit: Unit.Gram, done: true }),
      item({ id: 6, name: "Oat flakes", unit: Unit.Pack }),
    ],
  },
  {
    id: 2,
    name: "Sunday brunch",
    createdAt: new Date("2026-11-20T17:05:00Z"),
    note: "Six guests, one of them vegan",
    items: [
      ...staples.map(item),
      item({ id: 4, name: "Orange juice", quantity: 3, unit: Unit.Litre }),
      item({ id: 5, name: "Smoked salmon", quantity: 400, unit: Unit.Gram }),
      item({ id: 6, name: "Crème fraîche", quantity: 2 }),
    ],
  },
  {
    id: 3,
    name: "Hardware store",
    createdAt: new Date("2026-10-02T11:00:00+02:00"),
    note: "Ask for the matching colour",
    items: [
      item({ id: 1, name: "Screws, 4 × 40 mm", quantity: 2, unit: Unit.Pack }),
      item({ id: 2, name: "Wall paint", quantity: 10, unit: Unit.Litre }),
      item({ id: 3, name: "Paint roller", quantity: 2, done: true }),
    ],
  },
  {
    id: 4,
    name: "Birthday party",
    createdAt: new Date("2026-11-21T19:45:00Z"),
    items: [
      item({ id: 1, name: "Candles", quantity: 8 }),
      item({ id: 2, name: "Lemonade", quantity: 6, unit: Unit.Litre }),
      item({ id: 3, name: "Balloons", quantity: 3, unit: Unit.Pack }),
      item({ id: 4, name: "Flour", quantity: 750, unit: Unit.Gram }),
    ],
  },
  {
    id: 5,
    name: "Someday",
    createdAt: new Date("2026-01-01T00:00:00Z"),
    note: "Nothing yet",
    items: [],
  },
] satisfies ShoppingList[];
