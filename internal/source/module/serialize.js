// Writes the exports of a module as JSON text. It is evaluated before the
// module and keeps the engine's own functions, so that nothing the module
// changes reaches it. The result begins with "?" when the module has looked at
// the clock or at chance, then with "!" when there is anything that JSON cannot
// carry; then every line is a path and what stands there.
(() => {
  "use strict";
  const uncurry = (f) => Function.prototype.call.bind(f);
  const { isArray } = Array;
  const { keys: namesOf, getOwnPropertySymbols: symbolsOf } = Object;
  const { ownKeys, getPrototypeOf, getOwnPropertyDescriptor, apply, construct } = Reflect;
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

  // What tells the time or throws dice notes that it was asked. Nothing else in
  // the engine differs from one evaluation to the next.
  let chance = false;
  const { Date: Clock } = globalThis;
  const noting = {
    apply: (f, self, parameters) => {
      chance = true;
      return apply(f, self, parameters);
    },
    construct: (f, parameters, target) => {
      chance ||= parameters.length === 0;
      return construct(f, parameters, target);
    },
  };
  Math.random = new Proxy(Math.random, { apply: noting.apply });
  Clock.now = new Proxy(Clock.now, { apply: noting.apply });
  globalThis.Date = Clock.prototype.constructor = new Proxy(Clock, noting);

  const mostProblems = 50;
  const deepest = 100;

  // order is a JSON list of the exports' names. careful looks for halves of
  // characters, which JSON.stringify writes as \ud…, where they are.
  return (exports, order, careful) => {
    let problems = "";
    let count = 0;
    const ancestors = new AncestorMap(); // to the depth at which each stands
    const trail = { __proto__: null }; // the steps to where the writing stands
    let depth = 0;
    const quoted = { __proto__: null }; // names of properties as JSON

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
    const pathOf = (steps) => {
      let path = "";
      for (let i = 0; i < steps; i++) {
        const step = trail[i];
        if (typeof step === "number") {
          path += "[" + step + "]";
        } else if (isName(step)) {
          path += path === "" ? step : "." + step;
        } else {
          path += "[" + stringify(step) + "]";
        }
      }
      return path;
    };
    const problem = (what) => {
      if (++count <= mostProblems) {
        problems += pathOf(depth) + ": " + what + "\n";
      }
      return "null";
    };
    // What the function makes of a value that is one step further.
    const at = (step, make, value) => {
      trail[depth++] = step;
      const made = make(value);
      depth--;
      return made;
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

    const writeList = (list) => {
      const keys = ownKeys(list);
      const named = keys.length - 1 - list.length; // one of the keys is "length"
      if (named < 0) {
        let hole = 0;
        while (hasOwn(list, hole)) {
          hole++;
        }
        return at(hole, problem, "a hole in the list");
      }
      for (let i = list.length; named > 0 && i < keys.length; i++) {
        if (typeof keys[i] === "symbol") {
          problem("a property whose name is a symbol");
        } else if (keys[i] !== "length") {
          at(keys[i], problem, "a property of a list");
        }
      }
      let text = "[";
      for (let i = 0; i < list.length; i++) {
        const value = list[i];
        trail[depth++] = i;
        text += (i > 0 ? "," : "") + (value === undefined ? problem("undefined in a list") : write(value));
        depth--;
      }
      return text + "]";
    };

    const nameAsJSON = (key) => {
      if (careful && !isWellFormed(key)) {
        problem("a name with half of a character");
      }
      return (quoted[key] = stringify(key) + ":");
    };

    // Most objects hold nothing but texts, numbers, true, false and null:
    // JSON.stringify writes those as it has to be. Of any other, undefined.
    const simple = (object) => {
      try {
        const keys = namesOf(object);
        for (let i = 0; i < keys.length; i++) {
          const value = object[keys[i]];
          switch (typeof value) {
            case "string":
            case "boolean":
            case "undefined":
              break;
            case "number":
              if (value - value !== 0) {
                return undefined;
              }
              break;
            default:
              if (value !== null) {
                return undefined;
              }
          }
        }
        return object.toJSON === undefined && symbolsOf(object).length === 0 ? stringify(object) : undefined;
      } catch {
        return undefined;
      }
    };

    const writeObject = (object) => {
      let text = "{";
      const symbols = symbolsOf(object);
      for (let i = 0; i < symbols.length; i++) {
        if (enumerable(object, symbols[i])) {
          problem("a property whose name is a symbol");
        }
      }
      const keys = namesOf(object);
      for (let i = 0; i < keys.length; i++) {
        const key = keys[i];
        trail[depth++] = key;
        let value;
        try {
          value = object[key];
        } catch {
          problem("a getter that throws");
        }
        if (value !== undefined) {
          text += (text === "{" ? "" : ",") + (quoted[key] ?? nameAsJSON(key)) + write(value);
        }
        depth--;
      }
      return text + "}";
    };

    const writeWithin = (value, writeParts) => {
      const before = get(ancestors, value);
      if (before !== undefined) {
        return problem("a circle: it is " + pathOf(before) + " itself");
      }
      if (depth > deepest) {
        return problem("nested deeper than " + deepest + " levels");
      }
      const here = depth;
      set(ancestors, value, depth);
      let text;
      try {
        text = writeParts(value);
      } catch {
        depth = here;
        text = problem("a value that cannot be read");
      }
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

    const writeInstance = (value, prototype) => {
      const time = timeOf(value);
      if (time !== undefined) {
        if (time !== time) {
          return problem("an invalid Date");
        }
        const text = toISOString(value);
        return text.length === 24 ? stringify(text) : problem("a Date outside of the years 0 to 9999");
      }
      if (hasMethods(prototype)) {
        const name = nameOf(value, prototype);
        return problem(slice(name, 0, 12) === "an instance " ? name + ", which has methods" : name);
      }
      return writeWithin(value, writeObject);
    };

    const write = (value) => {
      switch (typeof value) {
        case "string":
          return !careful || isWellFormed(value) ? stringify(value) : problem("a text with half of a character");
        case "number":
          return value - value === 0 ? (value === 0 ? "0" : "" + value) : problem("" + value);
        case "boolean":
        case "bigint":
          return "" + value;
        case "object": {
          if (value === null) {
            return "null";
          }
          if (isArray(value)) {
            return writeWithin(value, writeList);
          }
          const prototype = getPrototypeOf(value);
          if (prototype === ObjectPrototype || prototype === null) {
            const text = careful || depth > deepest ? undefined : simple(value);
            return text ?? writeWithin(value, writeObject);
          }
          return writeInstance(value, prototype);
        }
        default:
          return problem("a " + typeof value);
      }
    };
    const isData = (value) => typeof value === "object" && value !== null && timeOf(value) === undefined;

    // A module may also be its export: module.exports = […].
    const all = isArray(exports) ? { __proto__: null, default: exports } : exports;
    if (!isData(all)) {
      return chance ? "?{}" : "{}";
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
        at(name, problem, "an export that throws");
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
      text += (text === "" ? "" : ",") + stringify(name) + ":" + at(name, write, value);
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
    return (chance ? "?" : "") + (count > 0 ? "!" + problems : "{" + text + "}");
  };
})()
