-- From a given package: how many packages are reached, and how far the farthest is by the shortest
-- way. The index has cycles, hence the limit of the depth.
PREPARE reach (text) AS
WITH RECURSIVE walk (package, distance) AS (
  SELECT name, 0 FROM package WHERE name = $1
  UNION
  SELECT e.needs, w.distance + 1
  FROM walk w JOIN edge e ON e.package = w.package
  WHERE w.distance < 40
), shortest AS (
  SELECT package, min(distance) AS distance FROM walk GROUP BY package
)
SELECT $1 AS package, count(*) FILTER (WHERE distance > 0) AS reached, max(distance) AS farthest,
       min(package) FILTER (WHERE distance = (SELECT max(distance) FROM shortest)) AS for_instance
FROM shortest;

EXECUTE reach('bash');
EXECUTE reach('git');
EXECUTE reach('task-desktop');
EXECUTE reach('task-gnome-desktop');
EXECUTE reach('task-kde-desktop');
EXECUTE reach('gnome');
EXECUTE reach('kde-full');
EXECUTE reach('libreoffice');
EXECUTE reach('texlive-full');
EXECUTE reach('education-desktop-other');
EXECUTE reach('no-such-package');
DEALLOCATE reach;
