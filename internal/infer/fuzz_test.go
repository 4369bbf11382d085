package infer_test

import (
	"encoding/json"
	"io/fs"
	"iter"
	"strings"
	"testing"

	"github.com/larderhq/larder/internal/infer"
	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/source"
)

// FuzzGraphQL holds that any answer to any query gives an error or models that
// parse again, never a panic.
func FuzzGraphQL(f *testing.F) {
	f.Add(`{ lists { id name items { id name tags } } }`, `{"lists":[{"id":1,"name":"a","items":[{"id":1,"name":"b","tags":["x",null]}]}]}`)
	f.Add(`{ a { edges { node { id b { c } } } } }`, `{"a":{"edges":[{"node":{"id":"1","b":{"c":1e400}}}]}}`)
	f.Add(`query Q($x: Int) { a(x: $x) { __typename _id: key ... on B { c } } }`, `{"a":[{"_id":1.5,"c":[[1]]},{"_id":"x"}]}`)
	f.Add(`{ a { Query { name } } String { title } }`, `{"a":{"Query":[{"name":"x"}]},"String":[{"title":1}]}`)
	f.Add(`{ a { id b { id a { id } } c { id } bOf { id } } }`, `{"a":[{"id":1,"b":[{"id":2,"a":{"id":1}}],"c":{"id":3},"bOf":[{"id":4}]}]}`)
	f.Add(`{ person { name people { name } aTags peopleOf } aTags: tags { v } }`, `{"person":[{"name":"x","people":[{"name":"y"}],"aTags":["1"],"peopleOf":1}],"aTags":[{"v":"1"}]}`)
	f.Add(`{ a { name b { id } B { id } b_id b_ID { id } } }`, `{"a":[{"name":"x","b":{"id":1},"B":{"id":1},"b_id":1,"b_ID":[{"id":1}]}]}`)
	f.Fuzz(func(t *testing.T, query, answer string) {
		if !json.Valid([]byte(answer)) {
			t.Skip()
		}
		result, err := infer.GraphQL(infer.Request{Query: query, Source: "upstream", Records: records(t, answer)})
		if err != nil {
			// Names longer than a database takes are the one thing that stays with the person.
			if text := err.Error(); strings.HasPrefix(text, "derive models") && !strings.Contains(text, "longer than") {
				t.Error(err)
			}
			return
		}
		if _, err := model.Parse("models.graphql", []byte(result.SDL)); err != nil {
			t.Errorf("%s\n%v", result.SDL, err)
		}
	})
}

// FuzzParseIntrospection holds that whatever an endpoint says of itself gives
// a schema that queries can be held against, or an error.
func FuzzParseIntrospection(f *testing.F) {
	f.Add(`{"data":{"__schema":{"queryType":{"name":"Q"},"types":[{"kind":"OBJECT","name":"Q","fields":[{"name":"a","args":[{"name":"x","type":{"kind":"SCALAR","name":"Int"},"defaultValue":"1"}],"type":{"kind":"NON_NULL","ofType":{"kind":"LIST","ofType":{"kind":"OBJECT","name":"A"}}}}]},{"kind":"OBJECT","name":"A","interfaces":[{"name":"I"}],"fields":[{"name":"b","type":{"kind":"SCALAR","name":"String"}}]},{"kind":"INTERFACE","name":"I","fields":[{"name":"b","type":{"kind":"SCALAR","name":"String"}}]},{"kind":"UNION","name":"U","possibleTypes":[{"name":"A"}]},{"kind":"ENUM","name":"E","enumValues":[{"name":"X"}]},{"kind":"INPUT_OBJECT","name":"P","inputFields":[{"name":"p","type":{"kind":"INPUT_OBJECT","name":"P"}}]}]}}}`, `{ a(x: 2) { b ... on I { b } } }`)
	f.Add(`{"__schema":{"queryType":{"name":"Q"},"types":[{"kind":"UNION","name":"Q","possibleTypes":[{"name":"Z"}]}]}}`, `{ a }`)
	f.Add(`{"queryType":{"name":"Q"},"types":[{"kind":"OBJECT","name":"Q","interfaces":[{"name":"Q"},{"name":""}]},{"kind":"?","name":"__X"}]}`, `{ __typename }`)
	f.Fuzz(func(_ *testing.T, answer, query string) {
		schema, err := infer.ParseIntrospection([]byte(answer))
		if err != nil {
			return
		}
		nothing := func(string) iter.Seq2[source.Record, error] { return func(func(source.Record, error) bool) {} }
		_, _ = infer.GraphQL(infer.Request{Schema: schema, Query: query, Source: "s", Records: nothing})
	})
}

// FuzzDeclare holds that whatever a module says of its types, its values give
// models that keep the rules of models.
func FuzzDeclare(f *testing.F) {
	const data = `{"lists":[{"id":1,"name":"a","kind":"x","items":[{"id":"1","n":1}],"map":{"k":{"v":1}}}],"items":[{"id":"1","listId":1}]}`
	f.Add(`interface List { id: number; /** d */ name?: string; kind: 'x' | 'y'; items: readonly Item[]; map: Record<string, { v?: number }> }
type Item = { id: string } & Partial<N>; export const lists: List[] = [`+"`${{}}`"+`, /[/"]/]; export default lists;`, data)
	f.Add(`export enum Kind { A = 'x', B = "y" } type A = A; interface B extends B { kind: Kind } const lists = [] as const satisfies Array<B | null>`, data)
	f.Add(`export { a as lists } from './b'; import x = require("./c"); type F<T> = (a: T) => { [k: string]: T["x"] }[]; declare const a: F<(`, data)
	f.Add(`type String = 'x'; interface Lists { kind: String }; export const lists: Lists[] = 1 satisfies`, data)
	f.Fuzz(func(t *testing.T, module, answer string) {
		if !json.Valid([]byte(answer)) {
			t.Skip()
		}
		declared := infer.Declare([]string{"a.ts"}, func(name string) ([]byte, error) {
			if name == "a.ts" || name == "b.ts" {
				return []byte(module), nil
			}
			return nil, fs.ErrNotExist
		})
		result, err := infer.Values(infer.Request{
			Source: "s", Records: records(t, answer), Declared: declared,
			Roots: []source.Root{{Path: "lists", Name: "lists"}, {Path: "items", Name: "items"}},
		})
		if err != nil {
			// Names longer than a database takes are the one thing that stays with the person.
			if text := err.Error(); strings.HasPrefix(text, "derive models") && !strings.Contains(text, "longer than") {
				t.Error(err)
			}
			return
		}
		if _, err := model.Parse("models.graphql", []byte(result.SDL)); err != nil {
			t.Errorf("%s\n%v", result.SDL, err)
		}
	})
}
