#!/bin/bash
set -e

# conda-build sees that this script uses ${greeting} and ${flavour}, and builds it once for each pair.
mark="."
if [ "${flavour}" = "loud" ]; then
    mark="!!!"
fi
mkdir -p "${PREFIX}/bin"
cat > "${PREFIX}/bin/greeter" <<END
#!/bin/sh
for name in "\$@"; do
    echo "${greeting}, \${name}${mark}"
done
END
chmod +x "${PREFIX}/bin/greeter"
