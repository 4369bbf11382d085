package refreshtest

import (
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/larderhq/larder/internal/source"
)

// upstream is what one source has.
type upstream struct{ stars, planets []*object }

// object is what a source tells of one object: the values as JSON, a star by
// its name.
type object struct {
	says            map[string]string
	moons, stations []*object
	reticent        bool // leaves its lists out
}

// one is one of the elements, the zero value when there are none.
func one[E any](r *rand.Rand, of []E) (element E) {
	if len(of) > 0 {
		element = of[r.IntN(len(of))]
	}
	return element
}

// value is a random value of a field as JSON.
func (s *step) value(field string) string {
	switch field {
	case "climate":
		return one(s.Rand, []string{"null", `"mild"`, `"hot"`, `"cold"`})
	case "label":
		return one(s.Rand, []string{`"alpha"`, `"beta"`, `"gamma"`})
	case "terrains", "craters":
		all := []string{"a", "b", "c", "d"}
		s.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		if all = all[:s.IntN(5)]; len(all) > 0 && s.IntN(10) == 0 {
			all = append(all, all[0])
		}
		text, _ := json.Marshal(all) //nolint:errchkjson // strings
		return string(text)
	}
	return one(s.Rand, []string{"null", "1", "2", "3"})
}

// settable are the fields of a type that a source may change or leave out, and
// those that it may only change.
func settable(kind string) (optional, required []string) {
	switch kind {
	case "Star":
		return []string{"mass"}, nil
	case "Planet":
		return []string{"population", "climate"}, []string{"terrains"}
	case "Moon":
		return []string{"size"}, []string{"craters"}
	}
	return []string{"crew"}, []string{"label"}
}

// vary gives an object other values, of all fields or of one.
func (s *step) vary(kind string, o *object, all bool) {
	optional, required := settable(kind)
	fields := slices.Concat(optional, required)
	if !all {
		fields = []string{one(s.Rand, fields)}
	}
	for _, field := range fields {
		if slices.Contains(optional, field) && s.IntN(6) == 0 {
			delete(o.says, field)
		} else {
			o.says[field] = s.value(field)
		}
	}
}

// changeUpstream changes what one source has.
func (s *step) changeUpstream() {
	name := one(s.Rand, []string{"north", "north", "south"})
	from := s.upstream[name]
	switch planet := one(s.Rand, from.planets); s.IntN(12) {
	case 0, 1, 2: // a planet more, or another one in its place
		named := fmt.Sprintf(`"p%d"`, s.IntN(4))
		from.planets = slices.DeleteFunc(from.planets, func(o *object) bool { return o.says["name"] == named })
		planet = &object{says: map[string]string{"name": named}}
		s.vary("Planet", planet, true)
		if name == "north" || s.IntN(2) == 0 {
			s.populate(from, planet)
		}
		from.planets = slices.Insert(from.planets, s.IntN(len(from.planets)+1), planet)
	case 3: // a star
		named := fmt.Sprintf(`"s%d"`, s.IntN(3))
		from.stars = slices.DeleteFunc(from.stars, func(o *object) bool { return o.says["name"] == named })
		star := &object{says: map[string]string{"name": named}}
		s.vary("Star", star, true)
		from.stars = append(from.stars, star)
	case 4: // a star less
		if star := one(s.Rand, from.stars); star != nil {
			from.stars = slices.DeleteFunc(from.stars, func(o *object) bool { return o == star })
			for _, planet := range from.planets {
				if planet.says["star"] == star.says["name"] {
					planet.says["star"] = "null"
				}
			}
		}
	case 5: // a planet less
		from.planets = slices.DeleteFunc(from.planets, func(o *object) bool { return o == planet })
	case 6: // another order, or silence about what is nested
		if planet != nil {
			planet.reticent = s.IntN(3) == 0
		}
		s.Shuffle(len(from.planets), func(i, j int) { from.planets[i], from.planets[j] = from.planets[j], from.planets[i] })
	case 7:
		if planet != nil {
			s.populate(from, planet)
		}
	default:
		if planet != nil {
			s.vary("Planet", planet, false)
		}
	}
	s.note("%s has %s", name, from.json())
}

// populate changes what is nested in a planet, and its star.
func (s *step) populate(from *upstream, planet *object) {
	planet.says["star"] = "null"
	if star := one(s.Rand, from.stars); star != nil {
		planet.says["star"] = star.says["name"]
	}
	named := fmt.Sprintf(`"m%d"`, s.IntN(3))
	planet.moons = slices.DeleteFunc(planet.moons, func(o *object) bool { return o.says["name"] == named })
	if s.IntN(3) > 0 {
		moon := &object{says: map[string]string{"name": named}}
		s.vary("Moon", moon, true)
		planet.moons = append(planet.moons, moon)
	}
	if s.IntN(2) == 0 {
		station := &object{says: map[string]string{}}
		s.vary("Station", station, true)
		planet.stations = slices.Insert(planet.stations, s.IntN(len(planet.stations)+1), station)
	} else if len(planet.stations) > 0 {
		planet.stations = planet.stations[1:]
	}
}

// json is the answer of the source.
func (u *upstream) json() string {
	return `{"stars":` + jsonList(u.stars, false) + `,"planets":` + jsonList(u.planets, true) + `}`
}

func jsonList(objects []*object, nesting bool) string {
	texts := make([]string, len(objects))
	for i, o := range objects {
		var members []string
		for _, field := range slices.Sorted(maps.Keys(o.says)) {
			members = append(members, `"`+field+`":`+o.says[field])
		}
		if nesting && !o.reticent {
			members = append(members, `"moons":`+jsonList(o.moons, false), `"stations":`+jsonList(o.stations, false))
		}
		texts[i] = "{" + strings.Join(members, ",") + "}"
	}
	return "[" + strings.Join(texts, ",") + "]"
}

// rows are the rows that the answer has, in the order of kinds.
func (u *upstream) rows() []row {
	var stars, planets, moons, stations []row
	for _, o := range u.stars {
		stars = append(stars, row{"Star", "[" + o.says["name"] + "]", maps.Clone(o.says)})
	}
	for _, o := range u.planets {
		planet := row{"Planet", "[" + o.says["name"] + "]", maps.Clone(o.says)}
		if star := o.says["star"]; star != "" && star != "null" {
			planet.says["star"] = "[" + star + "]"
		}
		planets = append(planets, planet)
		if o.reticent {
			continue
		}
		for _, m := range o.moons {
			moon := row{"Moon", "[" + planet.key + "," + m.says["name"] + "]", maps.Clone(m.says)}
			moon.says["planet"] = planet.key
			moons = append(moons, moon)
		}
		for i, st := range o.stations {
			station := row{"Station", fmt.Sprintf(`[%s,"stations",%d]`, planet.key, i), maps.Clone(st.says)}
			station.says["planet"] = planet.key
			stations = append(stations, station)
		}
	}
	return slices.Concat(stars, planets, moons, stations)
}

// reticent are the keys of the planets of which nothing nested is told.
func (u *upstream) reticent() (keys []string) {
	for _, o := range u.planets {
		if o.reticent {
			keys = append(keys, "["+o.says["name"]+"]")
		}
	}
	return keys
}

// answer is the source's answer as an import gets it.
func (u *upstream) answer(complete bool) *source.Answer {
	lists := map[string]string{"stars": jsonList(u.stars, false), "planets": jsonList(u.planets, true)}
	answer := source.NewAnswer(func(path string) iter.Seq2[source.Record, error] {
		return func(yield func(source.Record, error) bool) {
			var records []json.RawMessage
			if err := json.Unmarshal([]byte(lists[path]), &records); err != nil {
				yield(source.Record{}, err)
			}
			for i, record := range records {
				if !yield(source.Record{Index: i, Data: record}, nil) {
					return
				}
			}
		}
	}, nil)
	answer.Complete = complete
	return answer
}
