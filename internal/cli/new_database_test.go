package cli

import "testing"

func TestPasswordsOfDatabasesAreNotWritten(t *testing.T) {
	for _, test := range []struct {
		address, want string
		hidden        bool
	}{
		{"postgres://larder@db.example/shop", "postgres://larder@db.example/shop", false},
		{"postgres://larder:geheim@db.example/shop", "${DATABASE_URL}", true},
		{"postgres://db.example/shop?user=larder&password=geheim", "${DATABASE_URL}", true},
		{"postgres://larder:${PASSWORD}@db.example/shop", "postgres://larder:${PASSWORD}@db.example/shop", false},
		{"${SHOP}", "${SHOP}", false},
		{"data/shop.db", "../data/shop.db", false},
	} {
		got, hidden, err := writtenAddress("project", test.address, test.address)
		if err != nil || got != test.want || hidden != test.hidden {
			t.Errorf("%s: got %s, %v, %v; want %s, %v", test.address, got, hidden, err, test.want, test.hidden)
		}
	}
}
