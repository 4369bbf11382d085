package source

import (
	"testing"

	"github.com/larderhq/larder/internal/source/graphqltest"
)

func TestAFailureTellsTheStatusOfTheLastAnswer(t *testing.T) {
	for name, test := range map[string]struct {
		behaviour graphqltest.Behaviour
		want      int
	}{
		"refused":            {graphqltest.Behaviour{Fail: 100, FailStatus: 403}, 403},
		"unreachable":        {graphqltest.Behaviour{Fail: 100}, 503},
		"a broken answer":    {graphqltest.Behaviour{Truncate: 100}, 200},
		"without any answer": {graphqltest.Behaviour{Drop: 100}, 0},
	} {
		test.behaviour.Redirect = -1
		g, _ := connect(t, serve(t, test.behaviour).URL, func(settings *GraphQLSettings) { settings.Retries = -1 })
		_, err := g.Fetch(t.Context(), nil)
		if got := StatusOf(err); err == nil || got != test.want {
			t.Errorf("%s: status %d, want %d (%v)", name, got, test.want, err)
		}
	}
}
