type Item = { id: number; name: string };
export const fruits: Item[] = [{ id: 1, name: 'Apple' }];
export const vegetables: Item[] = [{ id: 1, name: 'Leek' }];
