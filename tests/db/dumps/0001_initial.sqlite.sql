BEGIN TRANSACTION;
CREATE TABLE "kept_answer" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "updated_at" TIMESTAMP NOT NULL,
    "place" VARCHAR(64) NOT NULL UNIQUE,
    "request" VARCHAR(64) NOT NULL,
    "server" VARCHAR(36) NOT NULL,
    "status" INT,
    "answer" TEXT
);
INSERT INTO "kept_answer" VALUES('7d17563b-dddc-5c57-ae36-e9833e238621','2026-03-01 12:00:00.123450+00:00','2026-03-01 12:00:00.123450+00:00','0 ü''"; -- \ place 😀','0 ü''"; -- \ request 😀','0 ü''"; -- \ server 😀',NULL,NULL);
INSERT INTO "kept_answer" VALUES('5a00c4f4-bfb9-5da4-a8bc-390ac936b786','2026-03-02 12:00:00.123451+00:00','2026-03-02 12:00:00.123451+00:00','1 ü''"; -- \ place 😀','1 ü''"; -- \ request 😀','1 ü''"; -- \ server 😀',2,'1 ü''"; -- \ answer 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ');
INSERT INTO "kept_answer" VALUES('16d53d33-43b2-5e5a-a726-f127db9743b0','2026-03-03 12:00:00.123452+00:00','2026-03-03 12:00:00.123452+00:00','2 ü''"; -- \ place 😀','2 ü''"; -- \ request 😀','2 ü''"; -- \ server 😀',3,'2 ü''"; -- \ answer 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ');
CREATE TABLE "tortoise_migrations" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "app" VARCHAR(255) NOT NULL,
    "name" VARCHAR(255) NOT NULL,
    "applied_at" TIMESTAMP NOT NULL,
    CONSTRAINT "uid_tortoise_mi_app_3803a5" UNIQUE ("app", "name")
);
INSERT INTO "tortoise_migrations" VALUES(1,'core','0001_initial','2026-11-21 20:11:12.330548+00:00');
CREATE INDEX "idx_kept_answer_created_4004bd" ON "kept_answer" ("created_at");
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('tortoise_migrations',1);
COMMIT;
