package graphqltest

import (
	"cmp"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

//go:embed testdata/planets.json
var planetsJSON []byte

//go:embed testdata/schema.graphql
var schemaText string

// Planet is a planet as the server has it. An empty Population is null.
type Planet struct {
	Name       string
	Population json.Number
	Terrains   []string
	Climates   []string
}

// Planets are the 60 of the real endpoint.
func Planets() ([]Planet, error) {
	var planets []Planet
	if err := json.Unmarshal(planetsJSON, &planets); err != nil {
		return nil, fmt.Errorf("read the planets: %w", err)
	}
	return planets, nil
}

// Synthetic makes planets for tests of size, the same for the same n.
func Synthetic(n int) []Planet {
	terrains := []string{"desert", "grasslands", "mountains", "jungle", "rainforests", "tundra", "ice caves"}
	climates := []string{"arid", "temperate", "tropical", "frozen", "murky"}
	planets := make([]Planet, n)
	for i := range planets {
		p := &planets[i]
		p.Name = fmt.Sprintf("Planet %06d", i)
		if i%4 != 3 {
			p.Population = json.Number(strconv.Itoa(i * 7919))
		}
		p.Terrains = []string{terrains[i%len(terrains)], terrains[(i+3)%len(terrains)]}
		p.Climates = []string{climates[i%len(climates)], climates[(i+1)%len(climates)]}
	}
	return planets
}

// film is one of three, with the numbers of its planets.
type film struct {
	title, director, released string
	episode                   int
	planets                   []int
}

func films() []film {
	return []film{
		{"A New Hope", "George Lucas", "1977-05-25", 4, []int{0, 1, 2}},
		{"The Empire Strikes Back", "Irvin Kershner", "1980-05-17", 5, []int{3, 4, 5}},
		{"Return of the Jedi", "Richard Marquand", "1983-05-25", 6, []int{0, 4, 6, 7, 8}},
	}
}

// world answers the fields of the schema's root.
type world struct {
	planets   []Planet
	nulls     []int    // planets that are null
	pageSize  int      // most elements of a page; 0: all
	circle    bool     // every page ends at the same cursor
	forgotten []string // cursors that are unknown
	total     int      // what totalCount says; 0: the truth; negative: null
}

func (w world) root() object {
	all := func(kind, plural string, count int, one func(int) any) field {
		return func(arguments map[string]any) (any, error) { return w.connect(kind, plural, count, one, arguments) }
	}
	one := func(kind, number string, get func(int) any, count int) field {
		return func(arguments map[string]any) (any, error) {
			i := identify(kind, arguments[number], arguments["id"])
			if i < 0 || i >= count {
				return nil, gqlerror.Errorf("No entry in local cache for the id")
			}
			return get(i), nil
		}
	}
	return object{
		"allPlanets": all("planets", "planets", len(w.planets), w.planet),
		"allFilms":   all("films", "films", len(films()), w.film),
		"planet":     one("planets", "planetID", w.planet, len(w.planets)),
		"film":       one("films", "filmID", w.film, len(films())),
		"node": field(func(arguments map[string]any) (any, error) {
			if i := identify("planets", nil, arguments["id"]); i >= 0 && i < len(w.planets) {
				return w.planet(i), nil
			}
			if i := identify("films", nil, arguments["id"]); i >= 0 && i < len(films()) {
				return w.film(i), nil
			}
			return nil, gqlerror.Errorf("No entry in local cache for the id")
		}),
	}
}

func (w world) planet(i int) any {
	if slices.Contains(w.nulls, i) {
		return nil
	}
	p := w.planets[i]
	population := any(nil)
	if p.Population != "" {
		population = p.Population
	}
	return object{
		"__typename": "Planet", "id": identity("planets", i), "name": p.Name, "population": population,
		"terrains": texts(p.Terrains), "climates": texts(p.Climates),
		"diameter": json.Number(strconv.Itoa(10000 + i)), "created": "2014-12-09T13:50:49.641000Z",
		"filmConnection": field(func(arguments map[string]any) (any, error) {
			in := []int{}
			for number, f := range films() {
				if slices.Contains(f.planets, i) {
					in = append(in, number)
				}
			}
			return w.connect("films", "films", len(in), func(n int) any { return w.film(in[n]) }, arguments)
		}),
	}
}

func (w world) film(i int) any {
	f := films()[i]
	return object{
		"__typename": "Film", "id": identity("films", i), "title": f.title, "director": f.director,
		"releaseDate": f.released, "episodeID": json.Number(strconv.Itoa(f.episode)),
	}
}

// connect is a page of a Relay connection, paged forward.
func (w world) connect(kind, plural string, count int, one func(int) any, arguments map[string]any) (any, error) {
	start, end := 0, count
	if after, ok := arguments["after"].(string); ok {
		number, found := strings.CutPrefix(decode(after), kind+"-cursor:")
		n, err := strconv.Atoi(number)
		if !found || err != nil || slices.Contains(w.forgotten, after) {
			return nil, gqlerror.Errorf("Invalid cursor %q", after)
		}
		start = min(n+1, count)
	}
	if w.pageSize > 0 {
		end = min(end, start+w.pageSize)
	}
	if first, ok := integer(arguments["first"]); ok {
		end = min(end, start+first)
	}
	records, edges := []any{}, []any{}
	for i := start; i < end; i++ {
		record := one(i)
		records = append(records, record)
		edges = append(edges, object{"node": record, "cursor": cursor(kind, i)})
	}
	info := object{"hasNextPage": end < count, "hasPreviousPage": start > 0, "startCursor": nil, "endCursor": nil}
	if end > start {
		info["startCursor"], info["endCursor"] = cursor(kind, start), cursor(kind, end-1)
	}
	if w.circle {
		info["hasNextPage"], info["endCursor"] = true, cursor(kind, 0)
	}
	var total any
	if said := cmp.Or(w.total, count); said >= 0 {
		total = json.Number(strconv.Itoa(said))
	}
	return object{"pageInfo": info, "edges": edges, plural: records, "totalCount": total}, nil
}

func integer(value any) (int, bool) {
	switch v := value.(type) {
	case int64:
		return int(v), true
	case float64:
		return int(v), true
	case json.Number:
		n, err := v.Int64()
		return int(n), err == nil
	}
	return 0, false
}

func identity(kind string, i int) string { return encode(fmt.Sprintf("%s:%d", kind, i+1)) }

func cursor(kind string, i int) string { return encode(fmt.Sprintf("%s-cursor:%d", kind, i)) }

// identify is the index behind a number or an opaque id, -1 when there is none.
func identify(kind string, number, id any) int {
	text := fmt.Sprint(number) // an ID may be written as a number
	if number == nil {
		text, _ = id.(string)
		text, _ = strings.CutPrefix(decode(text), kind+":")
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return -1
	}
	return n - 1
}

func encode(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

func decode(text string) string {
	plain, _ := base64.StdEncoding.DecodeString(text) // what is no base64 is no id
	return string(plain)
}

func texts(list []string) any {
	if list == nil {
		return nil
	}
	values := make([]any, len(list))
	for i, text := range list {
		values[i] = text
	}
	return values
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
