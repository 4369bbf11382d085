package module

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
)

// TestConstantsAreReadAsTheEngineReadsThem holds the two ways against each
// other over all modules that there are, and over what is easily read wrong.
func TestConstantsAreReadAsTheEngineReadsThem(t *testing.T) {
	archives, err := filepath.Glob("testdata/modules/*.txtar")
	if err != nil || len(archives) < 40 {
		t.Fatalf("found %d modules (%v): this test looks in the wrong place", len(archives), err)
	}
	constant := 0
	for _, name := range archives {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		folder := t.TempDir()
		for _, f := range archive.Files {
			path := filepath.Join(folder, filepath.FromSlash(f.Name))
			if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, f.Data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if bothWays(t, folder, name) {
			constant++
		}
	}
	if constant < 15 {
		t.Errorf("%d modules hold constants alone: the bundler may write them in another way by now", constant)
	}
}

// bothWays reports whether data.ts in the folder holds constants alone; then
// the engine must make the same of it.
func bothWays(t *testing.T, folder, name string) bool {
	t.Helper()
	limits := Limits{Time: 10 * time.Second}
	limits.fillIn()
	bundled, err := bundle(folder, "data.ts", limits)
	if err != nil {
		return false
	}
	decoded, ok := decode(bundled, limits)
	if !ok {
		return false
	}
	evaluated, _, err := run(bundled, limits, func(string, time.Duration) {})
	if err != nil || string(decoded) != string(evaluated) {
		t.Errorf("%s:\n   read %s\nengine %s (%v)", name, decoded, evaluated, err)
	}
	return true
}

// constants are modules that need no engine.
var constants = []string{
	`export const items = [{ name: "milk", price: 1.50, none: null, yes: true, no: !1, left: undefined }];`,
	`export const items = [{ a: 1e21, b: 1e-7, c: .5, d: 5., e: -0, f: 0xff, g: 123456789012345678901, h: 1e300, i: 4.9e-324, j: 0b11, k: 1_000, l: -2.5e-9, m: 100000000000000000000 }];`,
	`export const items = [{ a: 10n, b: -123456789012345678901234567890n, c: 0n }];`,
	"export const items = [{ a: 'it\\'s \"so\"', b: `two\nlines \\` $x \\${y}`, c: \"\\u00e4\\x41\\u{1F600}\\ud83d\\ude00\\0\\v\\b\\f\\u2028\\/\", d: 'ä😀\u2028\x7f' }];",
	`export const items = [{ 1: "a", 2: "b", 10: "c", z: 1, "a b": 2, "": 3, "01": 4, "-1": 5 }];`,
	`const milk = { name: "milk" }; export const items = [milk, milk]; export default items; export const kinds = { items, milk };`,
	`export default [{ a: [] }, {}, { b: [[1, [2]], {}] }];`,
	`enum Unit { piece = "pc", litre = "l" } export const items = [{ unit: Unit.piece }, { unit: Unit.litre }];`,
	`export enum Unit { piece = "pc", litre = "l" } export const items = [{ unit: Unit.piece }];`,
	`export const one = 1, text = "a", items = [{}], empty = {};`,
	`/* a comment */ export const items = /* here */ [ // and there
		{ a: 1 /* "}" */ },
	];`,
	`interface Item { a: number } export const items: Item[] = [{ a: 1 }] satisfies Item[]; export type { Item };`,
	`export const items = [{ $a_1: 1, _: 2, "toJSON": 3, constructor: 4 }];`,
}

// others are modules that only look like it.
var others = []string{
	`export const items = [{ __proto__: { a: 1 }, b: 2 }];`,
	`export const items = [{ a: 1, 5: 2, 3: 1 }];`,
	`export const items = [{ 4294967295: 1, b: 1, 4294967294: 2 }];`,
	`export const items = [{ a: 1, b: 2, a: 3 }];`,
	`export const items = [{ "\ud800": 1 }];`,
	`export const items = [{ a: "\udc00\ud800" }];`,
	`export const items = [1, , 2].map((a) => ({ a }));`,
	`export const items = [{ a: 1 }]; items.push({ a: 2 });`,
	`export const items = [{ a: 1 / 0 }];`,
	`export const items = [{ a: 1 + 2 + Math.abs(1) }];`,
	`export const items = [{ a: [undefined] }];`,
	`export const items = [{ get a() { return 1; } }];`,
	`export const items = [{ a() {} }];`,
	"const a = 1; export const items = [{ a: `${a}${a}` }, { [`x${a}`]: a }];",
	`export enum Unit { piece, litre } export const items = [{ unit: Unit.piece }];`,
	`export const items = [{ ...{ a: 1 }, b: 2 }];`,
	`import * as self from "./data"; export const items = [{ a: 1 }]; export const again = self;`,
	`export const items = [{ a: /x/ }];`,
	`export let items = [{ a: 1 }]; items = [{ a: 2 }];`,
	`export const items = [{ a: 1 }]; const twice = [{ a: 2 }]; var undefined = 1; export const b = [{ c: undefined }];`,
	`exports.items = [{ a: 1 }];`,
}

func TestConstantsNeedNoEngine(t *testing.T) {
	folder := t.TempDir()
	for i, text := range append(constants, others...) {
		if err := os.WriteFile(filepath.Join(folder, "data.ts"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if isConstant := bothWays(t, folder, text); i < len(constants) && !isConstant {
			t.Errorf("%s was left to the engine", text)
		}
	}
}

// FuzzConstants looks for a constant that the two ways read differently.
func FuzzConstants(f *testing.F) {
	for _, text := range append(constants, others...) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "import") || strings.Contains(text, "require") {
			return // nothing of the folder is needed
		}
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, "data.ts"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		bothWays(t, folder, text)
	})
}

func TestOnlyClockAndChanceNeedASecondEvaluation(t *testing.T) {
	folder := t.TempDir()
	limits := Limits{}
	limits.fillIn()
	for text, want := range map[string]bool{
		`export const items = [{ at: new Date(2024, 0, 2), on: Date.UTC(2024, 1), day: new Date("2024-01-02").getDay() }];`: false,
		`export const items = [{ at: new Date() }];`:                                                    true,
		`export const items = [{ at: Date() }];`:                                                        true,
		`export const items = [{ at: Date.now() > 0 }];`:                                                true,
		`export const items = [{ at: Math.max(1, 2) }];`:                                                false,
		`export const items = [{ get at() { return Math.random() > 2; } }];`:                            true,
		`export const items = [{ at: new (class extends Date {})() }];`:                                 true,
		`export const items = [{ at: +Reflect.construct(new Date(0).constructor as any, [], Array) }];`: true,
	} {
		if err := os.WriteFile(filepath.Join(folder, "data.ts"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		bundled, err := bundle(folder, "data.ts", limits)
		if err != nil {
			t.Fatal(err)
		}
		if _, chance, err := run(bundled, limits, func(string, time.Duration) {}); chance != want {
			t.Errorf("%s: got %v (%v), want %v", text, chance, err, want)
		}
	}
}

// TestTheEngineHasNoOtherClock fails when an engine brings something new, which
// may have to be noted as well: see serialize.js.
func TestTheEngineHasNoOtherClock(t *testing.T) {
	folder := t.TempDir()
	text := `export const all = [Object.getOwnPropertyNames(globalThis).filter((n) => n !== "larderModule").sort().join(" ")];`
	if err := os.WriteFile(filepath.Join(folder, "data.js"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	limits := Limits{}
	limits.fillIn()
	bundled, err := bundle(folder, "data.js", limits)
	if err != nil {
		t.Fatal(err)
	}
	got, _, err := run(bundled, limits, func(string, time.Duration) {})
	const want = "AggregateError Array ArrayBuffer Atomics BigInt BigInt64Array BigUint64Array Boolean DataView Date Error EvalError " +
		"FinalizationRegistry Float16Array Float32Array Float64Array Function Infinity Int16Array Int32Array Int8Array InternalError " +
		"Iterator JSON Map Math NaN Number Object Promise Proxy RangeError ReferenceError Reflect RegExp Set SharedArrayBuffer String " +
		"Symbol SyntaxError TypeError URIError Uint16Array Uint32Array Uint8Array Uint8ClampedArray WeakMap WeakRef WeakSet decodeURI " +
		"decodeURIComponent encodeURI encodeURIComponent escape eval globalThis isFinite isNaN parseFloat parseInt undefined unescape"
	if err != nil || string(got) != `{"all":["`+want+`"]}` {
		t.Errorf("%s (%v), want %s", got, err, want)
	}
}
