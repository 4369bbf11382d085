//go:build unix

package bench_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
	"github.com/larderhq/larder/internal/store/sqlite"
)

func TestEveryCreatedPlanetOutlivesAKilledServer(t *testing.T) {
	p := newProject(t, buildLarder(t), "http://127.0.0.1:1/")
	var made atomic.Int64
	acknowledged := map[int64]string{}
	for range 5 {
		s := p.serve(t)
		time.AfterFunc(50*time.Millisecond+rand.N(300*time.Millisecond), func() { _ = s.Process.Kill() })
		var writers sync.WaitGroup
		var mutex sync.Mutex
		for range 16 {
			writers.Go(func() {
				for {
					name := fmt.Sprint("Planet ", made.Add(1))
					id, err := createPlanet(t, s.address, name)
					if err != nil {
						return // the server is gone
					}
					mutex.Lock()
					acknowledged[id] = name
					mutex.Unlock()
				}
			})
		}
		writers.Wait()
		if err := s.Wait(); err == nil {
			t.Fatal("the server ended before it was killed")
		}
		holdWhole(t, filepath.Join(p.folder, "larder.db"), acknowledged)
	}
	if len(acknowledged) == 0 {
		t.Error("no planet was acknowledged in any round; the test shows nothing")
	}
	t.Logf("%d acknowledged planets outlived 5 kills", len(acknowledged))
}

// createPlanet asks for a planet with two terrains and two climates. An error
// says that no answer came.
func createPlanet(t *testing.T, address, name string) (id int64, err error) {
	body := fmt.Sprintf(`{"name":%q,"population":1,"terrains":["desert","swamp"],"climates":["arid","humid"]}`, name)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address+"/api/v1/planets", strings.NewReader(body))
	check(t, err)
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, err
	}
	if answer.StatusCode != http.StatusCreated {
		t.Errorf("creating %s answers %s: %s", name, answer.Status, text)
		return 0, context.Canceled
	}
	var planet struct{ ID int64 }
	check(t, json.Unmarshal(text, &planet))
	return planet.ID, nil
}

// holdWhole checks that the database is sound, that every planet has all its
// words and that none that was acknowledged is missing.
func holdWhole(t *testing.T, path string, acknowledged map[int64]string) {
	t.Helper()
	engine, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	check(t, err)
	defer func() { check(t, engine.Close()) }()
	read := func(text string, each func(store.Scan) error) {
		t.Helper()
		check(t, engine.Read(t.Context(), statement.Statement{SQL: text}, each))
	}
	var verdict string
	read("PRAGMA integrity_check", func(scan store.Scan) error { return scan(&verdict) })
	if verdict != "ok" {
		t.Fatalf("integrity_check: %s", verdict)
	}
	stored := map[int64]string{}
	read(`SELECT p."id", p."name",
		(SELECT count(*) FROM "planet_terrains" WHERE "planet_id" = p."id") + (SELECT count(*) FROM "planet_climates" WHERE "planet_id" = p."id")
		FROM "planet" AS p`, func(scan store.Scan) error {
		var id, words int64
		var name string
		err := scan(&id, &name, &words)
		if stored[id] = name; words != 4 {
			t.Errorf("planet %d has %d words of 4: half a change", id, words)
		}
		return err
	})
	for id, name := range acknowledged {
		if stored[id] != name {
			t.Errorf("planet %d was acknowledged as %q and is %q", id, name, stored[id])
		}
	}
}
