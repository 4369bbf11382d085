package postgrestest_test

import (
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/larderhq/larder/internal/postgrestest"
)

func TestAClusterHasAStandbyThatFollows(t *testing.T) {
	primary := postgrestest.NewCluster(t)
	standby := primary.Standby()
	primary.Exec("CREATE TABLE jar (name text)")
	standby.Stop(syscall.SIGQUIT)
	standby.Start()
	primary.Stop(syscall.SIGINT)
	primary.Start()
	primary.Exec("INSERT INTO jar VALUES ('plum')")
	conn, err := pgx.Connect(t.Context(), standby.URL())
	if err != nil {
		t.Fatal(err)
	}
	jars, recovers := 0, false
	for deadline := time.Now().Add(10 * time.Second); jars == 0 && time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if err := conn.QueryRow(t.Context(), "SELECT count(*), pg_is_in_recovery() FROM jar").Scan(&jars, &recovers); err != nil {
			t.Fatal(err)
		}
	}
	if jars != 1 || !recovers {
		t.Errorf("%d jars on the standby, which is one: %v", jars, recovers)
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}
