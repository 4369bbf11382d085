export type Unit = 'kg' | 'l';
interface Item { id: string; unit: Unit; amount?: number }
interface Data { items: Item[]; units: { name: string }[] }
const data: Data = { items: [{ id: 'a', unit: 'kg', amount: 1 }], units: [{ name: 'kilogram' }] };
export default data;
