package importer_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/larderhq/larder/internal/importer"
)

// body is what a record of the reference says beside its name.
type body struct {
	population int // -1: null
	terrains   string
}

// unknown is the base of a population that no source had told.
const unknown = -2

// reference is an import as one would write it down, in memory.
type reference struct {
	upstream []string // names, in the order of the source
	says     map[string]body
	here     map[string]body // by name
	ids      map[string]int  // of those here
	origins  map[string]body // base by key
	owned    map[string]int  // id by key
	detached map[string]bool // keys whose record no longer follows the source
	open     map[string]int  // populations in conflict: the base of each; unknown where there is none
	lastID   int
}

// sync is the update rule, field by field.
func (r *reference) sync() (created, updated, unchanged, conflicts, adopted, deleted, removed, detached int) {
	for _, name := range r.upstream {
		says := r.says[name]
		base, known := r.origins[name]
		local, present := r.here[name]
		delete(r.detached, name)
		switch {
		case known && !present:
			deleted++
			continue
		case !known && !present:
			r.lastID++
			r.here[name], r.ids[name], r.owned[name] = says, r.lastID, r.lastID
			created++
		default:
			merged, assigned, conflict := local, false, false
			if !known || says.population != base.population {
				switch {
				case local.population == says.population:
					delete(r.open, name)
				case known && local.population == base.population, !known && local.population == -1:
					merged.population, assigned = says.population, true
					delete(r.open, name)
				default:
					before, open := r.open[name]
					switch {
					case open && before == says.population: // upstream went back
						delete(r.open, name)
					case !open && known:
						r.open[name], conflict = base.population, true
					case !open:
						r.open[name], conflict = unknown, true
					default:
						conflict = true
					}
				}
			}
			if !known || says.terrains != base.terrains {
				switch {
				case local.terrains == says.terrains:
				case known:
					list := strings.Join(united(strings.Fields(base.terrains), strings.Fields(says.terrains), strings.Fields(local.terrains)), " ")
					assigned = assigned || list != local.terrains
					merged.terrains = list
				default:
					conflict = true
				}
			}
			r.here[name], r.owned[name] = merged, r.ids[name]
			switch {
			case !known:
				adopted++
			case assigned:
				updated++
			default:
				unchanged++
			}
			if conflict {
				conflicts++
			}
		}
		r.origins[name] = says
	}
	for name := range r.open {
		if _, present := r.here[name]; !present {
			delete(r.open, name)
		}
	}
	for key, base := range r.origins {
		local, present := r.here[key]
		switch {
		case !present || slices.Contains(r.upstream, key) || r.detached[key]:
		case local == base:
			delete(r.origins, key)
			delete(r.here, key)
			delete(r.owned, key)
			delete(r.open, key)
			removed++
		default:
			r.detached[key] = true
			detached++
		}
	}
	return created, updated, unchanged, conflicts, adopted, deleted, removed, detached
}

// answer is the upstream as JSON.
func (r *reference) answer() string {
	records := []string{}
	for _, name := range r.upstream {
		says := r.says[name]
		population := "null"
		if says.population >= 0 {
			population = fmt.Sprint(says.population)
		}
		terrains, _ := json.Marshal(strings.Fields(says.terrains)) //nolint:errchkjson // strings
		if says.terrains == "" {
			terrains = []byte("[]")
		}
		records = append(records, fmt.Sprintf(`{"name":%q,"population":%s,"terrains":%s,"climates":[]}`, name, population, terrains))
	}
	return "[" + strings.Join(records, ",") + "]"
}

// rows is what the store must hold.
func (r *reference) rows() string {
	lines := make([]string, r.lastID+1)
	for name, has := range r.here {
		population := "null"
		if has.population >= 0 {
			population = fmt.Sprint(has.population)
		}
		line := fmt.Sprintf("%d|%s|%s", r.ids[name], name, population)
		if has.terrains != "" {
			line += "|" + strings.ReplaceAll(has.terrains, " ", ",")
		}
		lines[r.ids[name]] = line
	}
	return strings.Join(slices.DeleteFunc(lines, func(line string) bool { return line == "" }), "\n")
}

func TestTheStoreFollowsTheUpdateRuleWhateverBothSidesDo(t *testing.T) {
	bodies := rapid.Custom(func(t *rapid.T) body {
		return body{population: rapid.IntRange(-1, 2).Draw(t, "population"), terrains: rapid.SampledFrom([]string{"", "ice", "sand", "ice sand", "sand ice"}).Draw(t, "terrains")}
	})
	names := []string{"a", "b", `c "quoted"`, "d'é<>&"}
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t, planetModels)
		defer func() {
			if err := w.engine.Close(); err != nil { // not with all the others, of which there may be thousands
				t.Error(err)
			}
		}()
		ref := &reference{says: map[string]body{}, here: map[string]body{}, ids: map[string]int{}, origins: map[string]body{}, owned: map[string]int{}, detached: map[string]bool{}, open: map[string]int{}}
		set := func(name string, to body) {
			population := "NULL"
			if to.population >= 0 {
				population = fmt.Sprint(to.population)
			}
			w.exec(fmt.Sprintf(`UPDATE planet SET population = %s WHERE id = ?1`, population), int64(ref.ids[name]))
			w.exec(`DELETE FROM planet_terrains WHERE planet_id = ?1`, int64(ref.ids[name]))
			for i, terrain := range strings.Fields(to.terrains) {
				w.exec(`INSERT INTO planet_terrains VALUES (?1, ?2, ?3)`, int64(ref.ids[name]), int64(i), terrain)
			}
			ref.here[name] = to
		}
		rt.Repeat(map[string]func(*rapid.T){
			"upstream says": func(rt *rapid.T) {
				name := rapid.SampledFrom(names).Draw(rt, "name")
				if !slices.Contains(ref.upstream, name) {
					ref.upstream = append(ref.upstream, name)
				}
				ref.says[name] = bodies.Draw(rt, "body")
			},
			"upstream drops": func(rt *rapid.T) {
				name := rapid.SampledFrom(names).Draw(rt, "name")
				ref.upstream = slices.DeleteFunc(ref.upstream, func(other string) bool { return other == name })
			},
			"someone edits": func(rt *rapid.T) {
				name := rapid.SampledFrom(names).Draw(rt, "name")
				to := bodies.Draw(rt, "body")
				if _, present := ref.here[name]; !present {
					if _, known := ref.origins[name]; known {
						return // a name made anew after its deletion: a case of its own
					}
					ref.lastID++
					ref.ids[name] = ref.lastID
					w.exec(`INSERT INTO planet (id, name) VALUES (?1, ?2)`, int64(ref.lastID), name)
				}
				set(name, to)
			},
			"someone deletes": func(rt *rapid.T) {
				name := rapid.SampledFrom(names).Draw(rt, "name")
				if _, present := ref.here[name]; present {
					w.exec(`DELETE FROM planet WHERE id = ?1`, int64(ref.ids[name]))
					delete(ref.here, name)
				}
			},
			"import": func(rt *rapid.T) {
				text := ref.answer()
				if rapid.Bool().Draw(rt, "dry run first") {
					before := w.rows(allFields)
					if _, err := w.run(answer(t, map[string]string{"allPlanets.planets": text}), importer.Options{DryRun: true}); err != nil {
						rt.Fatal(err)
					}
					if after := w.rows(allFields); after != before {
						rt.Fatalf("a dry run changed the store:\n%s\nwas:\n%s", after, before)
					}
				}
				report := w.planets(text).Types[0]
				got := fmt.Sprint(report.Created.Count, report.Updated.Count, report.Unchanged, report.Conflicts.Count, report.Adopted.Count, report.Deleted.Count, report.Removed.Count, report.Detached.Count)
				created, updated, unchanged, conflicts, adopted, deleted, removed, detached := ref.sync()
				if want := fmt.Sprint(created, updated, unchanged, conflicts, adopted, deleted, removed, detached); got != want {
					rt.Fatalf("created, updated, unchanged, conflicts, adopted, deleted, removed, detached: %s, want %s", got, want)
				}
			},
			"": func(rt *rapid.T) {
				if got, want := w.rows(allFields), ref.rows(); got != want {
					rt.Fatalf("the store has:\n%s\nwant:\n%s", got, want)
				}
			},
		})
	})
}
