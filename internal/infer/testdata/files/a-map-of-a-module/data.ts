interface Item { label: string; quantity: number }
interface List { name: string; items: Record<string, Item> }
export const lists: List[] = [
  { name: 'Week', items: { milk: { label: 'Milk', quantity: 2 } } },
  { name: 'Party', items: { chips: { label: 'Chips', quantity: 3 }, milk: { label: 'Milk', quantity: 1 } } },
]
