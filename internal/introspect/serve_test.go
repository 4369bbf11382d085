package introspect_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/larderhq/larder/internal/introspect"
	"github.com/larderhq/larder/internal/openapi"
	"github.com/larderhq/larder/internal/rest"
	"github.com/larderhq/larder/internal/store"
)

// served is the API of a database made by a file.
func served(t *testing.T, file string) http.Handler {
	t.Helper()
	engine := open(t, filepath.Join("testdata", file))
	schema := models(t, engine).Schema
	catalog, err := introspect.Read(t.Context(), engine)
	if err != nil {
		t.Fatal(err)
	}
	server, err := rest.New(rest.Settings{Name: "foreign", Stateless: true, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))},
		store.NewExternal(engine, schema, catalog.Constraints()), schema)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := openapi.Document(schema, 1, openapi.Info{Title: "foreign"}); err != nil {
		t.Errorf("describe the API: %v", err)
	}
	return server
}

// step is a request and what its answer must be: the status, and texts that it
// holds. One that begins with ! it must not hold.
type step struct {
	request, body string
	status        int
	want          []string
}

func follow(t *testing.T, handler http.Handler, steps []step) {
	t.Helper()
	for _, s := range steps {
		method, target, _ := strings.Cut(s.request, " ")
		request := httptest.NewRequestWithContext(t.Context(), method, "/api/v1/"+target, strings.NewReader(s.body))
		request.Host = "localhost"
		if s.body != "" {
			request.Header.Set("Content-Type", "application/json")
		}
		if strings.HasSuffix(s.request, "#once") {
			request.Header.Set("Idempotency-Key", "k1")
		}
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, request)
		got := answer.Body.String()
		if allow := answer.Header().Get("Allow"); allow != "" {
			got += " Allow: " + allow
		}
		if answer.Code != s.status {
			t.Errorf("%s %s: got %d %s", s.request, s.body, answer.Code, got)
			continue
		}
		for _, want := range s.want {
			unwanted := strings.HasPrefix(want, "!")
			if strings.Contains(got, strings.TrimPrefix(want, "!")) == unwanted {
				t.Errorf("%s %s: got %s, want %s", s.request, s.body, got, want)
			}
		}
	}
}

func TestAMusicStoreOnSQLiteIsServed(t *testing.T) {
	follow(t, served(t, "chinook.sqlite.sql"), []step{
		{"GET artists?order=name.desc.nullslast", "", 200, []string{`[{"id":2,"name":"Accept"},{"id":1,"name":"AC/DC"},{"id":3,"name":null}]`}},
		{"GET artists/1", "", 200, []string{`{"id":1,"name":"AC/DC"}`}},
		{"GET artists/99999999999999", "", 404, nil},
		{"GET artists?select=name,albums(title,tracks(name,genre(name)))&id=eq.1", "", 200, []string{`[{"name":"AC/DC","albums":[{"title":"For Those About To Rock","tracks":[{"name":"Inject The Venom","genre":{"name":"Rock"}},`}},
		{"GET tracks?select=name,album!inner(artist!inner(name))&album.artist.name=eq.Accept", "", 200, []string{`[{"name":"Balls to the Wall","album":{"artist":{"name":"Accept"}}}]`}},
		{"GET albums/1/tracks?select=name,unitPrice&order=unitPrice.desc,name", "", 200, []string{`[{"name":"Evil Walks","unitPrice":1},{"name":"Inject The Venom","unitPrice":0.99}]`}},
		{"GET playlists?select=name,playlistTracks(track(name))&order=id", "", 200, []string{`{"name":"Music","playlistTracks":[{"track":{"name":"Inject The Venom"}},{"track":{"name":"Balls to the Wall"}}]}`}},
		{"GET playlist-tracks?limit=2&order=track.desc", "", 400, nil},
		{"GET playlist-tracks", "", 200, []string{`[{"id":"1,1","playlistId":1,"trackId":1},{"id":"1,3","playlistId":1,"trackId":3},{"id":"2,1"`}},
		{"GET playlist-tracks/1,3", "", 200, []string{`{"id":"1,3","playlistId":1,"trackId":3}`}},
		{"GET playlist-tracks/1,2", "", 404, nil},
		{"GET playlist-tracks/x", "", 404, nil},
		{"DELETE playlist-tracks/1,3", "", 405, []string{"Allow: GET, HEAD, OPTIONS"}},
		{"POST playlists/1/playlist-tracks", `{"trackId":2}`, 405, []string{"Allow: GET, HEAD, OPTIONS"}},
		{"GET album-lengths?totalLength=gt.400000", "", 200, []string{`[{"id":1,"title":"For Those About To Rock","totalLength":474331}]`}},
		{"POST album-lengths", `{"title":"x"}`, 405, []string{"Allow: GET, HEAD, OPTIONS"}},
		{"POST artists", `{"name":"Aerosmith","albums":[{"title":"Big Ones"}]}`, 201, []string{`{"id":4,"name":"Aerosmith"}`}},
		{"POST playlists", `{"name":"New","playlistTracks":[{"trackId":1}]}`, 400, []string{"can be read only"}},
		{"POST tracks", `{"name":"New","milliseconds":5}`, 201, []string{`"unitPrice":0.99`}},
		{"POST tracks", `{"name":"","milliseconds":5}`, 400, []string{`"field":"name"`, "minLength"}},
		{"POST tracks", `{"name":"Free","milliseconds":0}`, 400, []string{`"field":"milliseconds"`}},
		{"POST tracks", `{"name":"Lost","milliseconds":5,"albumId":77}`, 409, []string{`"field":"albumId"`}},
		{"POST tracks", `{"name":"Evil Walks","milliseconds":5,"albumId":1}`, 409, []string{`"field":"albumId"`, `"field":"name"`}},
		{"POST customers", `{"email":"LuisG@example.org"}`, 409, []string{`"field":"email"`}},
		{"PATCH tracks/1", `{"unitPrice":{"$mul":2}}`, 200, []string{`"unitPrice":1.98`}},
		{"PUT genres/9", `{"name":"Blues"}`, 201, []string{`{"id":9,"name":"Blues"}`}},
		{"DELETE artists/1", "", 409, nil},
		{"DELETE artists/3", "", 204, nil},
		{"POST genres?x#once", `{"name":"Once"}`, 400, nil},
		{"GET employees/2?select=lastName,reportsTo(lastName),employeesByReportsTo(lastName)", "", 200, []string{`{"lastName":"Edwards","reportsTo":{"lastName":"Adams"},"employeesByReportsTo":[]}`}},
		{"GET employees?order=hireDate&select=hireDate", "", 200, []string{`[{"hireDate":"2002-05-01 00:00:00"},{"hireDate":"2002-08-14 00:00:00"}]`}},
	})
}

func TestALegacyDatabaseOnSQLiteIsServed(t *testing.T) {
	follow(t, served(t, "legacy.sqlite.sql"), []step{
		{"GET customers/C-1?select=*,orders(id,total)", "", 200, []string{`{"id":"C-1","fullName":"Ada","order":1,"eMail":"ada@example.org","active":true,"birthday":"1815-12-10","grosse":1.65,"notes":"first","orders":[{"id":1,"total":3}]}`}},
		{"GET customers?notes=eq.7&select=id,notes", "", 200, []string{`[{"id":"C-2","notes":"7"}]`}},
		{"POST customers", `{"fullName":"Cyd"}`, 400, []string{`"field":"id"`, "required"}},
		{"POST customers", `{"id":"C-3","fullName":"Cyd"}`, 201, []string{`{"id":"C-3","fullName":"Cyd"`, `"active":true`}},
		{"POST customers", `{"id":"C-3","fullName":"Cyd"}`, 409, []string{`"field":"id"`}},
		{"POST customers", `[{"id":"C-5","fullName":"E"},{"id":"C-4","fullName":"D","eMail":"ada@example.org"}]`, 409, []string{`"field":"eMail"`}},
		{"PATCH customers/C-3", `{"notes":"x"}`, 400, []string{"read-only"}},
		{"PUT customers/C-9", `{"fullName":"Ida"}`, 201, []string{`{"id":"C-9"`}},
		{"POST orders", `{"customerNoId":"C-3","price":2.5,"quantity":4,"group":"trade"}`, 201, []string{`"total":10`, `"placed":"20`, `"grade":"A+"`}},
		{"POST orders", `{"customerNoId":"C-3","price":2.5,"group":"none"}`, 400, []string{`"field":"group"`, "enum"}},
		{"POST orders", `{"customerNoId":"C-3","price":2.5,"grade":"Z"}`, 400, []string{`"field":"grade"`}},
		{"POST orders", `{"customerNoId":"C-3","price":2.5,"quantity":3,"seen":3}`, 400, []string{`"field":"seen"`, `"field":"quantity"`}},
		{"POST orders", `{"customerNoId":"C-3","price":2.5}`, 409, []string{`"field":"customerNoId"`}},
		{"POST orders", `{"customerNoId":"nobody","price":2.5,"seen":5}`, 409, []string{`"field":"customerNoId"`}},
		{"PUT orders/7", `{"customerNoId":"C-2","price":3,"quantity":2}`, 200, []string{`"total":6`, `"placed":"20`}},
		{"GET orders?order=total.desc&select=id,total&limit=1", "", 200, []string{`"total":10`}},
		{"PATCH orders?id=eq.1", `{"payload":{"b":[1]}}`, 204, nil},
		{"GET orders/1?select=payload", "", 200, []string{`{"payload":{"b":[1]}}`}},
		{"GET selects?quoteD=like.f*", "", 200, []string{`[{"id":5,"quoteD":"five"}]`}},
		{"GET open-orders", "", 200, []string{`{"id":1,"group":"retail"}`}},
		{"DELETE customers/C-9", "", 204, nil},
	})
}

func TestARentalStoreOnPostgreSQLIsServed(t *testing.T) {
	customer := "4f5c6e0a-1b2c-4d3e-8f90-0a1b2c3d4e5f"
	follow(t, served(t, "pagila.postgres.sql"), []step{
		{"GET films/1?select=id,title,rating,rentalDuration,specialFeatures,scores,releaseYear,replacementCost,search,language(name),filmActors(actor(lastName))", "", 200, []string{
			`{"id":1,"title":"Academy Dinosaur","rating":"PG","rentalDuration":3,"specialFeatures":["Trailers","Deleted Scenes"],"scores":[],"releaseYear":2006,"replacementCost":20.99,"search":"'academi':1 'dinosaur':2","language":{"name":"English`,
			`"filmActors":[{"actor":{"lastName":"Guinness"}},{"actor":{"lastName":"Wahlberg"}}]`,
		}},
		{"GET films/99999999999999", "", 404, nil},
		{"GET languages/99999", "", 404, nil},
		{"GET films?rating=eq.PG-13&select=title", "", 200, []string{`[{"title":"Ace Goldfinger"}]`}},
		{"GET films?rating=eq.nothing&select=title", "", 200, []string{`[]`}},
		{"GET films?rating=in.(PG,NC-17)&order=rating&select=title", "", 200, []string{`[{"title":"Zorro"},{"title":"Academy Dinosaur"}]`}},
		{"GET films?rentalDuration=lt.99999", "", 400, []string{"rentalDuration", "32767"}},
		{"GET films?releaseYear=lt.99999&select=id&limit=1", "", 200, []string{`[{"id":1}]`}},
		{"GET films?specialFeatures=cs.{Trailers}&select=id", "", 200, []string{`[{"id":1}]`}},
		{"GET rentals?select=state,period,amount,customer(email)", "", 200, []string{`[{"state":"open","period":"[2026-11-01,2026-11-04)","amount":"2.500000","customer":{"email":"mary@example.org"}}]`}},
		{"GET rentals?state=eq.open&select=id", "", 200, []string{`[{"id":1}]`}},
		{"GET rentals?state=like.op*&select=id", "", 200, []string{`[{"id":1}]`}},
		{"GET customers/" + customer + "?select=createDate,activeBool,profile,preferences,photo", "", 200, []string{`{"createDate":"2006-02-14T22:04:36.5Z","activeBool":true,"profile":{},"preferences":null,"photo":null}`}},
		{"GET customers?createDate=eq.2006-02-14T23:04:36.5%2B01:00&select=id", "", 200, []string{customer}},
		{"GET customers?order=createDate.desc&limit=1&select=id", "", 200, []string{customer}},
		{"GET film-actors/1,2", "", 200, []string{`"id":"1,2","actorId":1,"filmId":2`}},
		{"PATCH film-actors/1,2", `{}`, 405, []string{"Allow: GET, HEAD, OPTIONS"}},
		{"GET film-lists?title=like.Z*", "", 200, []string{`{"id":3,"title":"Zorro","language":"Italian`}},
		{"GET holidays", "", 200, []string{`[{"id":"\"2026-12-25\"","day":"2026-12-25","countryId":"CA"}]`}},
		{"POST films", `{"title":"New","languageId":1,"rating":"R","specialFeatures":["a","b"],"scores":[1,null],"length":90}`, 201, []string{`"id":4`, `"rentalRate":4.99`, `"lastUpdate":"20`, `"specialFeatures":["a","b"],"scores":[1,null]`, `"rating":"R"`}},
		{"PATCH films/4", `{"specialFeatures":{"$append":["c"]},"scores":{"$remove":[1]},"rating":"NC-17","length":{"$inc":5},"rentalRate":{"$mul":2}}`, 200, []string{`"specialFeatures":["a","b","c"],"scores":[null]`, `"rating":"NC-17"`, `"length":95`, `"rentalRate":9.98`}},
		{"PATCH films/4", `{"specialFeatures":null}`, 200, []string{`"specialFeatures":null`}},
		{"PATCH films/4", `{"rating":"X"}`, 400, []string{`"field":"rating"`}},
		{"POST films", `{"title":"New","languageId":1}`, 409, []string{`"field":"title"`, `"field":"languageId"`}},
		{"POST films", `{"title":"New","languageId":99}`, 409, []string{`"field":"languageId"`}},
		{"POST films", `{"title":"New","languageId":2,"releaseYear":1}`, 400, []string{"outside of what the model allows"}},
		{"POST films", `{"title":"New","languageId":2,"rentalDuration":31}`, 400, []string{`"field":"rentalDuration"`}},
		{"POST films", `{"title":"New","languageId":2,"length":40000}`, 400, []string{`"field":"length"`}},
		{"POST customers", `{"email":"mary@example.org"}`, 409, []string{`"field":"email"`}},
		{"POST customers", `{"email":"nobody"}`, 400, []string{`"field":"email"`}},
		{"POST customers", `{"email":"bob@example.org","preferences":{"a":[1]},"weight":1.5,"photo":"aGk="}`, 201, []string{`"preferences":{"a":[1]},"weight":1.5,"photo":"aGk="`}},
		{"POST rentals", `{"filmId":1,"customerId":"` + customer + `","state":"lost"}`, 201, []string{`"state":"lost"`, `"id":2`}},
		{"PUT rentals/9", `{"filmId":1,"customerId":"` + customer + `"}`, 400, []string{"outside of what the model allows"}},
		{"POST rentals", `{"filmId":1,"customerId":"` + customer + `","state":"gone"}`, 400, []string{`"field":"state"`}},
		{"PATCH rentals?id=eq.2", `{"state":"returned"}`, 204, nil},
		{"POST countries", `{"code":"x"}`, 400, nil},
		{"POST countries", `{"id":"DE","name":"Germany"}`, 201, []string{`{"id":"DE","name":"Germany"}`}},
		{"DELETE films/1", "", 409, nil},
		{"DELETE films/4", "", 204, nil},
	})
}

func TestALegacyDatabaseOnPostgreSQLIsServed(t *testing.T) {
	follow(t, served(t, "legacy.postgres.sql"), []step{
		{"GET orders/3?select=*,kundeNr(id)", "", 200, []string{`{"id":3,"select":"retail","kundeNrId":null,"totalNet":12.5,"createdAt":"2026-11-23T17:18:00Z","code":"abc","ip":"10.0.0.1/32","kind":"a","kundeNr":null}`}},
		{"POST orders", `{"id":4,"select":"trade","kundeNrId":3,"totalNet":0.01,"createdAt":"2026-11-23T17:18:00Z"}`, 201, []string{`"id":4`}},
		{"POST orders", `{"select":"trade","totalNet":1,"createdAt":"2026-11-23T17:18:00Z"}`, 400, []string{`"field":"id"`}},
		{"POST orders", `{"id":5,"select":"trade","totalNet":0,"createdAt":"2026-11-23T17:18:00Z"}`, 400, []string{`"field":"totalNet"`}},
		{"POST orders", `{"id":5,"select":"trade","totalNet":1,"createdAt":"2026-11-23T17:18:00Z","kind":"z"}`, 400, []string{`"field":"kind"`}},
		{"POST users", `{"id":"bob","order":1}`, 409, []string{`"field":"order"`}},
		{"GET lines", "", 200, []string{`[]`}},
		{"GET parts", "", 200, []string{`[]`}},
	})
}
