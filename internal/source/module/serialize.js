// Writes the exports of a module as JSON text. It is evaluated before the
// module and keeps the engine's own functions, so that nothing the module
// changes reaches it. The result begins with "!" when there is anything that
// JSON cannot carry; then every line is a path and what stands there.
(() => {
  "use strict";
  const uncurry = (f) => Function.prototype.call.bind(f);
  const { isArray } = Array;
  const { ownKeys, getPrototypeOf, getOwnPropertyDescriptor } = Reflect;
  const { parse, stringify } = JSON;
  const ObjectPrototype = Object.prototype;
  const hasOwn = uncurry(ObjectPrototype.hasOwnProperty);
  const enumerable = uncurry(ObjectPrototype.propertyIsEnumerable);
  const tagOf = uncurry(ObjectPrototype.toString);
  const getTime = uncurry(Date.prototype.getTime);
  const toISOString = uncurry(Date.prototype.toISOString);
  const charCodeAt = uncurry(String.prototype.charCodeAt);
  const slice = uncurry(String.prototype.slice);
  const isWellFormed = uncurry(String.prototype.isWellFormed);
  const AncestorMap = Map;
  const get = uncurry(Map.prototype.get);
  const set = uncurry(Map.prototype.set);
  const remove = uncurry(Map.prototype.delete);

  const mostProblems = 50;
  const deepest = 100;

  return (exports, order) => {
    let problems = "";
    let count = 0;
    let depth = 0;
    const ancestors = new AncestorMap();

    const problem = (path, what) => {
      if (++count <= mostProblems) {
        problems += path + ": " + what + "\n";
      }
      return "null";
    };

    const isName = (key) => {
      for (let i = 0; i < key.length; i++) {
        const c = charCodeAt(key, i);
        const letter = (c >= 65 && c <= 90) || (c >= 97 && c <= 122) || c === 95 || c === 36 || c > 127;
        if (!letter && !(i > 0 && c >= 48 && c <= 57)) {
          return false;
        }
      }
      return key !== "";
    };
    const below = (path, key) => {
      if (!isName(key)) {
        return path + "[" + stringify(key) + "]";
      }
      return path === "" ? key : path + "." + key;
    };

    // What an object is called that is neither plain nor a list.
    const nameOf = (value, prototype) => {
      const tag = slice(tagOf(value), 8, -1);
      if (tag !== "Object") {
        return (tag === "Error" || tag === "Array" ? "an " : "a ") + tag;
      }
      const constructor = getOwnPropertyDescriptor(prototype, "constructor")?.value;
      const name = typeof constructor === "function" ? constructor.name : "";
      return typeof name === "string" && name !== "" ? "an instance of " + name : "an instance of a class";
    };
    // Whether the object does something: then its properties are not all of it.
    const hasMethods = (prototype) => {
      for (let p = prototype; p !== null && p !== ObjectPrototype; p = getPrototypeOf(p)) {
        const keys = ownKeys(p);
        for (let i = 0; i < keys.length; i++) {
          if (keys[i] !== "constructor") {
            return true;
          }
        }
      }
      return false;
    };

    const writeList = (list, path) => {
      const keys = ownKeys(list);
      const named = keys.length - 1 - list.length; // one of the keys is "length"
      if (named < 0) {
        let hole = 0;
        while (hasOwn(list, hole)) {
          hole++;
        }
        return problem(path + "[" + hole + "]", "a hole in the list");
      }
      for (let i = 0; named > 0 && i < keys.length; i++) {
        if (i >= list.length && keys[i] !== "length") {
          problem(typeof keys[i] === "string" ? below(path, keys[i]) : path, "a property of a list");
        }
      }
      let text = "[";
      for (let i = 0; i < list.length; i++) {
        if (i > 0) {
          text += ",";
        }
        const at = path + "[" + i + "]";
        const value = list[i];
        text += value === undefined ? problem(at, "undefined in a list") : write(value, at);
      }
      return text + "]";
    };

    const writeObject = (object, path) => {
      let text = "{";
      const keys = ownKeys(object);
      for (let i = 0; i < keys.length; i++) {
        const key = keys[i];
        if (!enumerable(object, key)) {
          continue;
        }
        if (typeof key === "symbol") {
          problem(path, "a property whose name is a symbol");
          continue;
        }
        const at = below(path, key);
        let value;
        try {
          value = object[key];
        } catch {
          problem(at, "a getter that throws");
          continue;
        }
        if (value === undefined) {
          continue;
        }
        if (!isWellFormed(key)) {
          problem(at, "a name with half of a character");
        }
        text += (text === "{" ? "" : ",") + stringify(key) + ":" + write(value, at);
      }
      return text + "}";
    };

    const writeWithin = (value, path, writeParts) => {
      const before = get(ancestors, value);
      if (before !== undefined) {
        return problem(path, "a circle: it is " + before + " itself");
      }
      if (depth === deepest) {
        return problem(path, "nested deeper than " + deepest + " levels");
      }
      set(ancestors, value, path);
      depth++;
      const text = writeParts(value, path);
      depth--;
      remove(ancestors, value);
      return text;
    };

    const timeOf = (value) => {
      try {
        return getTime(value);
      } catch {
        return undefined; // it is no Date
      }
    };

    const writeInstance = (value, path, prototype) => {
      const time = timeOf(value);
      if (time !== undefined) {
        if (time !== time) {
          return problem(path, "an invalid Date");
        }
        const text = toISOString(value);
        return text.length === 24 ? stringify(text) : problem(path, "a Date outside of the years 0 to 9999");
      }
      if (hasMethods(prototype)) {
        const name = nameOf(value, prototype);
        return problem(path, slice(name, 0, 12) === "an instance " ? name + ", which has methods" : name);
      }
      return writeWithin(value, path, writeObject);
    };

    const writeAny = (value, path) => {
      switch (typeof value) {
        case "string":
          return isWellFormed(value) ? stringify(value) : problem(path, "a text with half of a character");
        case "number":
          return value - value === 0 ? (value === 0 ? "0" : "" + value) : problem(path, "" + value);
        case "boolean":
        case "bigint":
          return "" + value;
        case "object": {
          if (value === null) {
            return "null";
          }
          if (isArray(value)) {
            return writeWithin(value, path, writeList);
          }
          const prototype = getPrototypeOf(value);
          if (prototype === ObjectPrototype || prototype === null) {
            return writeWithin(value, path, writeObject);
          }
          return writeInstance(value, path, prototype);
        }
        default:
          return problem(path, "a " + typeof value);
      }
    };
    const write = (value, path) => {
      try {
        return writeAny(value, path);
      } catch {
        return problem(path, "a value that cannot be read");
      }
    };

    const isData = (value) => typeof value === "object" && value !== null && timeOf(value) === undefined;

    // A module may also be its export: module.exports = […].
    const all = isArray(exports) ? { __proto__: null, default: exports } : exports;
    if (!isData(all)) {
      return "{}";
    }
    const known = ownKeys(all);
    const wanted = parse(order);
    const done = { __proto__: null };
    let text = "";
    const add = (name) => {
      if (done[name] || typeof name !== "string" || !hasOwn(all, name)) {
        return;
      }
      done[name] = true;
      let value;
      try {
        value = all[name];
      } catch {
        problem(name, "an export that throws");
        return;
      }
      if (!isData(value)) {
        return;
      }
      // The default export is often one that has a name as well.
      for (let i = 0; name === "default" && i < known.length; i++) {
        if (known[i] !== "default" && all[known[i]] === value) {
          return;
        }
      }
      text += (text === "" ? "" : ",") + stringify(name) + ":" + write(value, name);
    };
    for (let i = 0; i < wanted.length; i++) {
      add(wanted[i]);
    }
    for (let i = 0; i < known.length; i++) {
      add(known[i]);
    }
    if (count > mostProblems) {
      problems += "and " + (count - mostProblems) + " more\n";
    }
    return count > 0 ? "!" + problems : "{" + text + "}";
  };
})()
