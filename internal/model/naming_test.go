package model

import (
	"strings"
	"testing"
)

func TestSnakeSplitsWordsAsAPersonWould(t *testing.T) {
	for name, want := range map[string]string{
		"name": "name", "unitPrice": "unit_price", "ShoppingList": "shopping_list",
		"sourceID": "source_id", "HTTPServer": "http_server", "parseHTTPRequest": "parse_http_request",
		"itemIDs": "item_ids", "IDs": "ids", "URLsSeen": "urls_seen",
		"utf8Name": "utf8_name", "address2": "address2", "oauth2Token": "oauth2_token", "x2Y": "x2_y", "v2API": "v2_api",
		"already_snake": "already_snake", "Mixed_Case": "mixed_case", "A": "a", "aB": "a_b", "ABC": "abc", "Is": "is", "aIs": "a_is",
	} {
		if got := snake(name); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

func TestCamelNamesAFieldAfterAType(t *testing.T) {
	for name, want := range map[string]string{
		"Planet": "planet", "ShoppingList": "shoppingList", "URL": "url", "HTTPServer": "httpServer", "URLs": "urls", "A": "a", "planet": "planet",
	} {
		if got := camel(name); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

func TestIdentifiersKeepWithinPostgreSQLsLimit(t *testing.T) {
	if got := identifier("planet", "name", "key"); got != "planet_name_key" {
		t.Errorf("got %s", got)
	}
	long := strings.Repeat("a", 40)
	one, other := identifier(long, long, "key"), identifier(long, long, "idx")
	if len(one) != maxIdentifier || len(other) != maxIdentifier || one == other {
		t.Errorf("got %s and %s, want two names of %d bytes", one, other, maxIdentifier)
	}
	if again := identifier(long, long, "key"); again != one {
		t.Errorf("got %s and then %s", one, again)
	}
}

func TestNearestFindsWhatWasMeant(t *testing.T) {
	words := []string{"population", "name", "terrains", "id"}
	for name, want := range map[string]string{
		"populaton": "population", "NAME": "name", "terrain": "terrains", "ID": "id", "climates": "", "x": "", "": "",
		strings.Repeat("x", 100): "",
	} {
		if got := Nearest(name, words); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}
