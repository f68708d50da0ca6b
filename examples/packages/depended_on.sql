-- The packages that most others depend on.
SELECT rank() OVER (ORDER BY count(*) DESC) AS place, e.needs AS package, p.section,
       count(*) AS dependants, round(100.0 * count(*) / (SELECT count(*) FROM package), 2) AS percent
FROM edge e JOIN package p ON p.name = e.needs
GROUP BY e.needs, p.section
ORDER BY dependants DESC, package
LIMIT 20;
