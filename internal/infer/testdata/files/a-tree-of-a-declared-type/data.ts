interface Category { id: number; name: string; children: Category[] }
export const categories: Category[] = [
  { id: 1, name: 'Food', children: [{ id: 2, name: 'Dairy', children: [{ id: 3, name: 'Milk', children: [] }] }] },
  { id: 4, name: 'Tools', children: [] },
];
